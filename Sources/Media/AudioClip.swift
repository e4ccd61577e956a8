/// A decoded sound: one channel, the mean of those that were there.
public struct AudioClip: Sendable, Equatable {
    /// Finite values, within -1 and 1 unless a float file said otherwise or the resampler overshoots.
    public let samples: [Float]
    /// Samples per second.
    public let sampleRate: Int

    /// A clip of these samples.
    public init(samples: [Float], sampleRate: Int) {
        self.samples = samples
        self.sampleRate = sampleRate
    }

    /// How long it is.
    public var seconds: Double { Double(samples.count) / Double(sampleRate) }
}
