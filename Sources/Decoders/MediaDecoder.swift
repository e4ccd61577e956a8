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
    /// Whether the work is expected to be long, so that it is asked from its beginning how urgent it is.
    public let isLong: Bool
    /// How urgent long work is at this moment: asked again and again, with the processor time since it was asked last.
    public let urgency: @Sendable (Duration) -> Urgency

    /// The sender of that name. Without a rule of its own, what is long gives way.
    public init(
        _ name: String, isLong: Bool = false, urgency: @escaping @Sendable (Duration) -> Urgency = { _ in .low }
    ) {
        self.name = name
        self.isLong = isLong
        self.urgency = urgency
    }
}

/// How urgent decoding is: what it gets of a processor that others want as well. It only ever falls, for without privileges
/// nothing can be raised again.
public enum Urgency: Int, Sendable, Comparable {
    /// What others leave, and no more.
    case idle
    /// A part as small as a share can be: nice value 19.
    case low
    /// As much as the engine: nice value 10.
    case shared
    /// As much as short work.
    case usual

    /// Whether `first` is less urgent.
    public static func < (first: Urgency, second: Urgency) -> Bool { first.rawValue < second.rawValue }
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
