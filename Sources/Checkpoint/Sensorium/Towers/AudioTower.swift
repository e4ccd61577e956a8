extension SensoriumConfiguration {
    /// The encoder of Whisper (Radford et al. 2022): log-mel frames to hidden states of 20 ms. Heads may ask for any of its
    /// `layers` + 1 hidden states; state 0 is what the convolutions gave with positions added.
    public struct AudioTower: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "whisper_encoder"
        /// Mel bands of a frame.
        public let melBins: Int
        /// Samples of a second.
        public let sampleRate: Int
        /// The width of a token.
        public let hiddenSize: Int
        /// The number of transformer layers.
        public let layers: Int
        /// The attention heads of each layer.
        public let attentionHeads: Int
        /// The inner width of the feed-forward network.
        public let intermediateSize: Int
        /// The rows of the position table: the most tokens of a window.
        public let maxPositions: Int
        /// Epsilon of the layer norms.
        public let layerNormEpsilon: Float
        /// Whether the last hidden state has been through a layer norm, as Hugging Face's last.
        public let finalNorm: Bool
        /// What brings sound to `sampleRate`: "soxr_hq", which training used too.
        public let resampler: String

        /// Samples of a window, the most that the tower sees at once; longer sound is cut into windows. A token spans two
        /// frames of 10 ms.
        public var windowSamples: Int { maxPositions * 2 * sampleRate / 100 }

        init(reading reader: inout ConfigurationReader) {
            melBins = reader.integer("mel_bins", in: 80...80)
            sampleRate = reader.integer("sample_rate", in: 16000...16000)
            hiddenSize = reader.integer("hidden_size", in: 1...16384)
            layers = reader.integer("layers", in: 1...256)
            attentionHeads = reader.integer("attention_heads", in: 1...1024)
            intermediateSize = reader.integer("intermediate_size", in: 1...65536)
            maxPositions = reader.integer("max_positions", in: 1...100_000)
            layerNormEpsilon = reader.epsilon("layer_norm_eps")
            finalNorm = reader.boolean("final_norm")
            resampler = reader.string("resampler", oneOf: ["soxr_hq"])
            reader.demand(
                hiddenSize % attentionHeads == 0, "hidden_size", hiddenSize,
                fits: reader.path("attention_heads"), attentionHeads)
        }
    }
}
