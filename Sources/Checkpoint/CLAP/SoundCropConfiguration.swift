import JSON

/// How a published CLAP prepares a clip: `preprocessor_config.json` of `ClapFeatureExtractor`.
public struct SoundCropConfiguration: Sendable, Equatable {
    /// What becomes of a clip that is too short.
    public enum Padding: String, Sendable, CaseIterable {
        /// It is repeated as often as it fits as a whole, then silence follows.
        case repeatpad
        /// It is repeated until the end.
        case `repeat`
        /// Silence follows.
        case pad
    }

    /// Samples of a second, and of a crop.
    public let sampleRate: Int, samples: Int
    /// Bands, samples of a frame and from one frame to the next.
    public let bins: Int, window: Int, hop: Int
    /// Of the bands, in Hz.
    public let lowest: Double, highest: Double
    /// What becomes of a clip that is too short.
    public let padding: Padding
    /// Whether a long clip becomes a whole and three crops; else one crop.
    public let fuses: Bool

    init(_ files: inout PublishedFiles, bins: Int, fuses: Bool, frames: Int) {
        var reader =
            files.nestedReader("feature_extractor") ?? files.reader("preprocessor_config.json")
            ?? ConfigurationReader(file: "preprocessor_config.json", JSONCursor(.object(JSONObject())))
        if reader.isPresent("feature_extractor_type") {
            _ = reader.string("feature_extractor_type", oneOf: ["ClapFeatureExtractor"])
        }
        sampleRate = reader.integer("sampling_rate", in: 4_000...192_000, orElse: 48_000)
        samples = sampleRate * reader.integer("max_length_s", in: 1...600, orElse: 10)
        self.bins = reader.integer("feature_size", in: 1...1024, orElse: 64)
        window = reader.integer("fft_window_size", in: 2...65_536, orElse: 1024)
        hop = reader.integer("hop_length", in: 1...65_536, orElse: 480)
        lowest = Double(reader.number("frequency_min", orElse: 0))
        highest = Double(reader.number("frequency_max", orElse: 14_000))
        let paddings = Padding.allCases.map(\.rawValue)
        padding =
            reader.isPresent("padding")
            ? Padding(rawValue: reader.string("padding", oneOf: paddings)) ?? .repeatpad : .repeatpad
        let truncation =
            reader.isPresent("truncation")
            ? reader.string("truncation", oneOf: ["fusion", "rand_trunc"]) : "fusion"
        self.fuses = truncation == "fusion"
        reader.demand(self.fuses == fuses, "truncation", truncation, fits: "enable_fusion", fuses)
        reader.demand(self.bins == bins, "feature_size", self.bins, fits: "num_mel_bins", bins)
        if window & (window - 1) != 0 {
            reader.refuse("fft_window_size", "\(window)", supported: ["powers of two"])
        }
        reader.demand(
            samples / hop + 1 <= frames && samples > window / 2, "max_length_s", samples / sampleRate,
            fits: "spec_size", frames)
        if self.fuses, bins != 64 { reader.refuse("feature_size", "\(bins)", supported: ["64, where clips are fused"]) }
        if !(lowest >= 0 && lowest < highest) {
            reader.refuse("frequency_min", "\(lowest)", supported: ["numbers from 0 to frequency_max"])
        }
        files.problems += reader.problems
    }
}
