/// What an uploaded sound may cost. Bytes and what the header tells are checked before anything is decoded; decoding stops
/// where a file turns out longer than its header said.
public struct AudioLimits: Sendable {
    /// Bytes of the file.
    public var maxBytes: Int
    /// Seconds of the clip.
    public var maxSeconds: Double
    /// Memory that decoding may take beyond the file itself, in bytes: see ``AudioDecoder/memoryNeeded(for:limits:sampleRate:)``.
    public var maxMemory: Int

    /// Limits with the defaults of the service.
    public init(maxBytes: Int = 32 << 20, maxSeconds: Double = 600, maxMemory: Int = 512 << 20) {
        self.maxBytes = maxBytes
        self.maxSeconds = maxSeconds
        self.maxMemory = maxMemory
    }

    /// Channels that are mixed; recordings with more are not of one voice.
    static let channels = 1...8
    /// Rates that are resampled, in samples per second.
    static let sampleRates = 4_000...192_000
    /// A window of the spectrogram: nothing shorter can be analysed.
    static let minSeconds = 0.025
}
