import Media

/// Decodes uploads. Calls block, and may come from several threads at once.
public protocol MediaDecoder: Sendable {
    /// The upright image in every size wanted, in their order.
    ///
    /// - Throws: `MediaError`, or `DecoderFailure`.
    func image(_ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition]) throws -> [PixelImage]

    /// The sound as one channel at `sampleRate`.
    ///
    /// - Throws: `MediaError`, or `DecoderFailure`.
    func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int) throws -> AudioClip
}

/// Decodes on the calling thread, in this process: for files that are trusted, and for tests.
public struct InProcessDecoder: MediaDecoder {
    /// A decoder without state.
    public init() {}

    /// See ``MediaDecoder/image(_:limits:as:)``.
    public func image(_ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition]) throws -> [PixelImage] {
        try bytes.withUnsafeBytes { (bytes) throws(MediaError) in
            try ImageDecoder.decode(bytes, limits: limits, as: renditions)
        }
    }

    /// See ``MediaDecoder/audio(_:limits:sampleRate:)``.
    public func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int) throws -> AudioClip {
        try AudioDecoder.decode(bytes, limits: limits, sampleRate: sampleRate)
    }
}

/// Why a decoder gave neither a result nor a refusal.
public enum DecoderFailure: Error, Equatable, Sendable {
    /// It was stopped because it took longer than allowed.
    case tookTooLong(seconds: Double)
    /// It ended, or answered what no decoder of ours answers.
    case broke
    /// None could be started: the system said so with this error number.
    case unavailable(errno: Int32)
}

extension DecoderFailure: CustomStringConvertible {
    /// What happened and what to do, as two sentences. `tookTooLong` and `broke` are the upload's fault.
    public var description: String {
        switch self {
        case .tookTooLong(let seconds):
            "Decoding took longer than \(seconds) s (--decode-seconds) and was stopped. Save the file anew, smaller, and "
                + "send it again."
        case .broke: "The decoder failed on these bytes. Save the file anew, in an ordinary format, and send it again."
        case .unavailable(let number): "No decoder process could be started (error \(number) of the system)."
        }
    }
}
