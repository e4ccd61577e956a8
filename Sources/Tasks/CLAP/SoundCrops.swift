import Checkpoint
import Media

/// How CLAP sees a clip, as transformers' `ClapFeatureExtractor` prepares it: the spectrogram of ten seconds. A shorter clip is repeated as
/// long as it fits. Of a longer one the reference takes crops by chance; here they are always the same, those in the middle of where it
/// looks.
public struct SoundCrops: Sendable, Equatable {
    private let configuration: SoundCropConfiguration

    /// Of a published feature extractor.
    public init(_ configuration: SoundCropConfiguration) { self.configuration = configuration }

    /// Crops of a clip.
    var count: Int { configuration.fuses ? 4 : 1 }
    /// Samples of a second.
    var sampleRate: Int { configuration.sampleRate }
    /// Samples of a crop.
    var samples: Int { configuration.samples }
    /// Frames of a crop.
    var frames: Int { configuration.samples / configuration.hop + 1 }
    /// Bands of a frame, and samples from one to the next.
    var bins: Int { configuration.bins }
    var hop: Int { configuration.hop }

    /// The spectrograms of a clip, one below the other [crops · frames, bands]: of a part; or where clips are fused, of the whole,
    /// shrunk to as many frames, and of a part at its beginning, in its middle and at its end.
    func spectrograms(of clip: [Float]) -> [Float] {
        let spectrogram = DecibelSpectrogram(
            bins: bins, sampleRate: sampleRate, window: configuration.window, hop: hop,
            range: configuration.lowest...configuration.highest, isSlaney: !configuration.fuses)
        if clip.count <= samples {
            let whole = spectrogram(padded(clip)[...])
            return Array([[Float]](repeating: whole, count: count).joined())
        }
        guard configuration.fuses else {
            let start = (clip.count - samples) / 2
            return spectrogram(clip[start..<start + samples])
        }
        let whole = spectrogram(clip[...])
        let total = whole.count / bins
        guard total > frames else { return Array([[Float]](repeating: whole, count: count).joined()) }
        return shrunk(whole, total) + starts(total - frames + 1).flatMap { whole[$0 * bins..<($0 + frames) * bins] }
    }

    private func padded(_ clip: [Float]) -> [Float] {
        guard clip.count < samples else { return clip }
        var padded = clip
        switch configuration.padding {
        case .repeat: padded = Array([[Float]](repeating: clip, count: samples / clip.count + 1).joined())
        case .repeatpad: padded = Array([[Float]](repeating: clip, count: samples / clip.count).joined())
        case .pad: break
        }
        return Array(padded.prefix(samples)) + [Float](repeating: 0, count: max(0, samples - padded.count))
    }

    /// The middle of each third of the places at which a crop may begin, thirds as NumPy's `array_split` makes them.
    private func starts(_ places: Int) -> [Int] {
        var first = 0
        return (0..<3).map { third in
            let size = places / 3 + (third < places % 3 ? 1 : 0)
            defer { first += size }
            return size == 0 ? 0 : first + size / 2
        }
    }

    /// Linear in time, centres aligned, as PyTorch's `interpolate(mode="bilinear", align_corners=False)`.
    private func shrunk(_ whole: [Float], _ total: Int) -> [Float] {
        let scale = Float(total) / Float(frames)
        return (0..<frames).flatMap { frame in
            let place = max(0, scale * (Float(frame) + 0.5) - 0.5)
            let first = min(Int(place), total - 1)
            let (second, t) = (min(first + 1, total - 1), place - Float(first))
            return (0..<bins).map { whole[first * bins + $0] * (1 - t) + whole[second * bins + $0] * t }
        }
    }
}
