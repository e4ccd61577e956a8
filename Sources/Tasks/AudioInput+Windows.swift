import Media

extension AudioInput {
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
