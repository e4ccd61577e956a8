extension SensoriumConfiguration {
    /// A BERT encoder; the names are those of Hugging Face's `BertConfig`. Heads see its last hidden state, [CLS] and [SEP]
    /// included.
    public struct TextTower: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "bert"
        /// The rows of the word embedding.
        public let vocabularySize: Int
        /// The width of a token.
        public let hiddenSize: Int
        /// The number of layers.
        public let layers: Int
        /// The attention heads of each layer.
        public let attentionHeads: Int
        /// The inner width of the feed-forward network.
        public let intermediateSize: Int
        /// The rows of the position embedding.
        public let maxPositions: Int
        /// The rows of the segment embedding.
        public let typeVocabularySize: Int
        /// Epsilon of the layer norms.
        public let layerNormEpsilon: Float
        /// The most tokens a text may have, [CLS] and [SEP] included; the rest is cut.
        public let maxTokens: Int
        /// How tokens become one vector where no head does it: "mean".
        public let pooling: String

        init(
            vocabularySize: Int, hiddenSize: Int, layers: Int, attentionHeads: Int, intermediateSize: Int,
            maxPositions: Int, typeVocabularySize: Int, layerNormEpsilon: Float, maxTokens: Int
        ) {
            self.vocabularySize = vocabularySize
            self.hiddenSize = hiddenSize
            self.layers = layers
            self.attentionHeads = attentionHeads
            self.intermediateSize = intermediateSize
            self.maxPositions = maxPositions
            self.typeVocabularySize = typeVocabularySize
            self.layerNormEpsilon = layerNormEpsilon
            self.maxTokens = maxTokens
            pooling = "mean"
        }

        init(reading reader: inout ConfigurationReader) {
            vocabularySize = reader.integer("vocab_size", in: 1...10_000_000)
            hiddenSize = reader.integer("hidden_size", in: 1...16384)
            layers = reader.integer("num_hidden_layers", in: 1...256)
            attentionHeads = reader.integer("num_attention_heads", in: 1...1024)
            intermediateSize = reader.integer("intermediate_size", in: 1...65536)
            maxPositions = reader.integer("max_position_embeddings", in: 3...1_000_000)
            typeVocabularySize = reader.integer("type_vocab_size", in: 1...1024)
            layerNormEpsilon = reader.epsilon("layer_norm_eps")
            maxTokens = reader.integer("max_tokens", in: 3...1_000_000)
            pooling = reader.string("pooling", oneOf: ["mean"])
            reader.demand(
                hiddenSize % attentionHeads == 0, "hidden_size", hiddenSize,
                fits: reader.path("num_attention_heads"), attentionHeads)
            reader.demand(
                maxTokens <= maxPositions, "max_tokens", maxTokens,
                fits: reader.path("max_position_embeddings"), maxPositions)
        }
    }

    /// The first layers of another text tower, then last layers of its own: a head that has trained them leaves the other
    /// tower as it is.
    public struct TextBranch: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "bert_branch"
        /// The name of the ``TextTower`` that it shares embeddings and first layers with.
        public let trunk: String
        /// How many of the trunk's layers come first: 0 to all.
        public let fromLayer: Int
        /// How many layers of its own follow.
        public let layers: Int

        init(reading reader: inout ConfigurationReader) {
            trunk = reader.string("of")
            fromLayer = reader.integer("from_layer", in: 0...256)
            layers = reader.integer("layers", in: 1...256)
        }
    }
}
