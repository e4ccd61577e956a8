import Media

/// How a sound becomes the input of an audio tower.
public struct SoundPreparation: Sendable, Equatable {
    /// Samples per second.
    public let sampleRate: Int
    /// Bands of the log-mel spectrogram.
    public let melBins: Int
    /// Seconds that the tower takes at once; longer clips are cut into windows of that length.
    public let windowSeconds: Int
    /// Numbers that it gives for a token: its width, for each hidden state that is computed.
    public let tokenNumbers: Int

    /// A preparation of those members.
    public init(sampleRate: Int, melBins: Int, windowSeconds: Int, tokenNumbers: Int) {
        self.sampleRate = sampleRate
        self.melBins = melBins
        self.windowSeconds = windowSeconds
        self.tokenNumbers = tokenNumbers
    }

    /// Tokens that the tower gives for a second of sound: one for every second frame of the spectrogram.
    public var tokensPerSecond: Int { sampleRate / LogMelSpectrogram.hop / 2 }

    /// The log-mel spectrograms of a clip at `sampleRate`, window by window, each [frames, `melBins`]. A rest too short for a
    /// frame behind a full window is left out.
    public func windows(of samples: [Float]) -> [[Float]] {
        let spectrogram = LogMelSpectrogram(bins: melBins, sampleRate: sampleRate)
        let length = windowSeconds * sampleRate
        return stride(from: 0, to: samples.count, by: length).compactMap { start in
            let end = min(start + length, samples.count)
            guard start == 0 || end - start >= LogMelSpectrogram.window else { return nil }
            return spectrogram(samples[start..<end])
        }
    }

    /// Bytes of the tokens of that many samples: more than the samples' own.
    public func tokenBytes(samples: Int) -> Int {
        samples * tokensPerSecond / sampleRate * tokenNumbers * MemoryLayout<Float>.stride
    }

    /// Bytes of the spectrograms of that many samples.
    public func melBytes(samples: Int) -> Int {
        samples / LogMelSpectrogram.hop * melBins * MemoryLayout<Float>.stride
    }
}
