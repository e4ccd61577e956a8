extension SensoriumConfiguration {
    /// A transformer that reads image tokens and writes word pieces.
    public struct CaptionHead: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "decoder"
        /// The encoder layers over the image tokens.
        public let imageLayers: Int
        /// The decoder layers.
        public let layers: Int
        /// The attention heads of each layer.
        public let attentionHeads: Int
        /// The inner width of the feed-forward networks.
        public let feedForward: Int
        /// Epsilon of the layer norms.
        public let layerNormEpsilon: Float
        /// The rows of the decoder's position embedding: the longest caption in tokens.
        public let maxTokens: Int
        /// The decoder's begin-of-sequence token.
        public let beginToken: Int
        /// The decoder's end-of-sequence token.
        public let endToken: Int
        /// `vocabulary[i]` is the id in tokenizer.json of the decoder's token i.
        public let vocabulary: [Int]
        /// What it is told of things that a classifier saw; nil for a head that reads the picture alone.
        public let things: CaptionThings?

        init(reading reader: inout ConfigurationReader) {
            imageLayers = reader.integer("image_layers", in: 0...256)
            layers = reader.integer("layers", in: 1...256)
            attentionHeads = reader.integer("attention_heads", in: 1...1024)
            feedForward = reader.integer("feed_forward", in: 1...65536)
            layerNormEpsilon = reader.epsilon("layer_norm_eps")
            maxTokens = reader.integer("max_tokens", in: 1...65536)
            beginToken = reader.integer("bos_token", in: 0 ... .max)
            endToken = reader.integer("eos_token", in: 0 ... .max)
            vocabulary = reader.integers("vocabulary", in: 0...Int(Int32.max))
            things = reader.optionalObject("things") { CaptionThings(reading: &$0) }
            let count = vocabulary.count
            let vocabularyPath = reader.path("vocabulary")
            for (key, token) in [("bos_token", beginToken), ("eos_token", endToken)] {
                reader.demand(token < count, key, token, fits: vocabularyPath, "an array of \(count)")
            }
            reader.demand(beginToken != endToken, "bos_token", beginToken, fits: reader.path("eos_token"), endToken)
            let distinct = Set(vocabulary).count
            reader.demand(
                distinct == count, "vocabulary", "an array of \(count)", fits: "its number of distinct ids", distinct)
        }
    }
}
