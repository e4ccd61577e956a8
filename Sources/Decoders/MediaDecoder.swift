import Media

/// Decodes uploads. Calls block, and may come from several threads at once.
public protocol MediaDecoder: Sendable {
    /// The upright image in every size wanted, in their order.
    ///
    /// - Throws: `MediaError`, or `DecoderFailure`.
    func image(
        _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
    ) throws -> [PixelImage]

    /// The sound as one channel at `sampleRate`.
    ///
    /// - Throws: `MediaError`, or `DecoderFailure`.
    func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender) throws -> AudioClip

    /// Tries whether anything can be decoded now.
    ///
    /// - Throws: `DecoderFailure`.
    func check() throws(DecoderFailure)

    /// What a decoder is kept in; nil where none was started yet, or where decoding is done in this process.
    var confinement: Confinement? { get }
}

/// Who sent an upload, and how it is decoded for that reason.
public struct Sender: Sendable {
    /// The client's name. A process that decoded for one never decodes for another.
    public let name: String
    /// Whether the work is expected to be long, so that it has to give way to that of others from its beginning.
    public let givesWay: Bool

    /// The sender of that name.
    public init(_ name: String, givesWay: Bool = false) {
        self.name = name
        self.givesWay = givesWay
    }
}

/// Decodes on the calling thread, in this process: for files that are trusted, and for tests.
public struct InProcessDecoder: MediaDecoder {
    /// A decoder without state.
    public init() {}

    /// See ``MediaDecoder/image(_:limits:as:for:)``.
    public func image(
        _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
    ) throws -> [PixelImage] {
        try bytes.withUnsafeBytes { (bytes) throws(MediaError) in
            try ImageDecoder.decode(bytes, limits: limits, as: renditions)
        }
    }

    /// See ``MediaDecoder/audio(_:limits:sampleRate:for:)``.
    public func audio(
        _ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender
    ) throws -> AudioClip {
        try AudioDecoder.decode(bytes, limits: limits, sampleRate: sampleRate)
    }

    /// Nothing stands between this process and the libraries.
    public func check() throws(DecoderFailure) {}

    /// None.
    public var confinement: Confinement? { nil }
}
