/// What is known of a sound before it is decoded.
public struct AudioHeader: Sendable, Equatable {
    /// Which decoder reads it: decided by the first bytes alone, never by a name or a declared type.
    public let format: AudioFormat
    /// Channels as stored, mixed to one when decoded.
    public let channels: Int
    /// Samples per second as stored.
    public let sampleRate: Int
    /// Samples of one channel; nil where the header does not tell. It may lie.
    public let frames: Int?

    /// How long it is; nil where the header does not tell.
    public var seconds: Double? { frames.map { Double($0) / Double(sampleRate) } }

    /// What the decoder is shown: `head` and behind it these bytes of the file. Tags, pictures and chunks that no sample
    /// depends on stay out of it, so that nothing in them can harm.
    let head: [UInt8]
    let body: Range<Int>
}
