import Media

/// How a sound becomes the input of an audio tower.
public struct SoundPreparation: Sendable, Equatable {
    /// Samples per second.
    public let sampleRate: Int
    /// Bands of the log-mel spectrogram; 0 where the tower takes samples.
    public let melBins: Int
    /// Seconds that the tower takes at once; longer clips are cut into windows of that length, unless they stay whole.
    public let windowSeconds: Int
    /// What becomes of a clip.
    public let form: Form
    /// Numbers that it gives for a token: its width, for each hidden state that is computed.
    public let tokenNumbers: Int
    /// Bytes that the model takes beside the spectrogram for as long as it works on a sound.
    public let workBytes: Int
    /// Samples from one token to the next.
    public let samplesPerToken: Int
    /// The fewest samples that something can be told from.
    public let leastSamples: Int
    /// Seconds of the longest clip that the model takes, where that is less than the server does.
    public let mostSeconds: Double?

    /// What becomes of a clip.
    public enum Form: Sendable, Equatable {
        /// A spectrogram for each window, each by itself.
        case windows
        /// One spectrogram of the whole clip, as transformers' `WhisperFeatureExtractor` makes it: of one that is shorter than a window,
        /// with silence behind it.
        case whole
        /// Its samples as they are: what is to be normalised the model normalises, for it may hear a clip in pieces.
        case samples
        /// Spectrograms of crops, as CLAP takes them.
        case crops(SoundCrops)
    }

    /// A preparation of those members.
    public init(sampleRate: Int, melBins: Int, windowSeconds: Int, tokenNumbers: Int) {
        self.sampleRate = sampleRate
        self.melBins = melBins
        self.windowSeconds = windowSeconds
        self.tokenNumbers = tokenNumbers
        form = .windows
        workBytes = 0
        samplesPerToken = 2 * LogMelSpectrogram.hop
        leastSamples = LogMelSpectrogram.window
        mostSeconds = nil
    }

    /// Of clips that stay whole, padded to at least so many seconds.
    public init(sampleRate: Int, melBins: Int, wholePaddedTo seconds: Int, workBytes: Int) {
        self.sampleRate = sampleRate
        self.melBins = melBins
        windowSeconds = seconds
        tokenNumbers = 0
        form = .whole
        self.workBytes = workBytes
        samplesPerToken = 2 * LogMelSpectrogram.hop
        leastSamples = LogMelSpectrogram.window
        mostSeconds = nil
    }

    /// Of clips whose samples the tower takes.
    /// - Parameters:
    ///   - seconds: that it works on at once.
    ///   - tokenNumbers: numbers that it holds for a token meanwhile.
    ///   - mostSeconds: of a clip; nil for a model that hears longer ones in pieces.
    public init(
        samplesAt sampleRate: Int, seconds: Int, samplesPerToken: Int, tokenNumbers: Int, leastSamples: Int,
        mostSeconds: Double?
    ) {
        self.sampleRate = sampleRate
        melBins = 0
        windowSeconds = seconds
        self.tokenNumbers = tokenNumbers
        form = .samples
        workBytes = 0
        self.samplesPerToken = samplesPerToken
        self.leastSamples = leastSamples
        self.mostSeconds = mostSeconds
    }

    /// Of clips of which crops are taken.
    public init(_ crops: SoundCrops) {
        sampleRate = crops.sampleRate
        melBins = crops.bins
        windowSeconds = crops.samples / crops.sampleRate
        form = .crops(crops)
        tokenNumbers = 0
        workBytes = 0
        samplesPerToken = crops.hop
        leastSamples = 1
        mostSeconds = nil
    }

    /// The input that is made of a clip at `sampleRate`.
    public func input(of samples: [Float]) -> ModelInput {
        switch form {
        case .windows: return .mel(windows(of: samples))
        case .whole:
            let hop = LogMelSpectrogram.hop
            let missing = windowSeconds * sampleRate - samples.count
            let padded = missing > 0 ? samples + [Float](repeating: 0, count: missing) : samples
            let frames = missing > 0 ? (samples.count + hop - 1) / hop : samples.count / hop
            let mel = LogMelSpectrogram(bins: melBins, sampleRate: sampleRate).whole(padded)
            return .sound(Transcription.Sound(mel: mel, frames: frames))
        case .samples: return .samples(samples)
        case .crops(let crops): return .mel([crops.spectrograms(of: samples)])
        }
    }

    /// Bytes that are kept of a clip of that many samples until it is computed with: spectrograms, and tokens where it is heard in
    /// pieces, for then those of several sounds are there at once.
    public func keptBytes(samples: Int) -> Int {
        if form == .samples {
            let atOnce = min(samples, windowSeconds * sampleRate)
            return samples * MemoryLayout<Float>.stride + tokenBytes(samples: atOnce)
        }
        if case .crops(let crops) = form { return crops.count * crops.frames * melBins * MemoryLayout<Float>.stride }
        let least = form == .whole ? max(samples, windowSeconds * sampleRate) : samples
        let isHeardInPieces = form == .windows && samples > windowSeconds * sampleRate
        return melBytes(samples: least) + workBytes + (isHeardInPieces ? tokenBytes(samples: samples) : 0)
    }

    /// Bytes that making the input takes beside.
    public func makingBytes(samples: Int) -> Int {
        // The samples themselves, padded, and where crops are taken of the whole spectrogram that as well.
        if case .crops(let crops) = form {
            return (2 * max(samples, crops.samples) + samples / crops.hop * melBins) * MemoryLayout<Float>.stride
        }
        // The samples themselves, and of a clip that stays whole the same with what is mirrored at its ends.
        let count = form == .whole ? 2 * max(samples, windowSeconds * sampleRate) : samples
        return count * MemoryLayout<Float>.stride
    }

    /// Tokens that the tower gives for a second of sound.
    public var tokensPerSecond: Int { sampleRate / samplesPerToken }

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
        samples / samplesPerToken * tokenNumbers * MemoryLayout<Float>.stride
    }

    /// Bytes of the spectrograms of that many samples.
    public func melBytes(samples: Int) -> Int {
        samples / LogMelSpectrogram.hop * melBins * MemoryLayout<Float>.stride
    }
}
