/// `config.json` of a checkpoint of `model_type` "sensorium", read and checked.
public struct SensoriumConfiguration: Sendable, Equatable {
    /// The only `model_type` that this build reads.
    public static let modelType = "sensorium"

    /// The name of the checkpoint, such as "sensorium-base".
    public let name: String
    /// The width that the towers' tokens are projected to for the heads.
    public let width: Int
    /// The towers, each encoding one kind of input.
    public let towers: Towers
    /// The heads, each answering one task.
    public let heads: Heads

    /// The towers of a checkpoint; nil for one that it does not have.
    public struct Towers: Sendable, Equatable {
        /// The image tower.
        public let image: ImageTower?
        /// The text tower.
        public let text: TextTower?
    }

    /// The heads of a checkpoint; nil for one that it does not have.
    public struct Heads: Sendable, Equatable {
        /// The caption head.
        public let caption: CaptionHead?
    }

    /// A convolutional image tower with its batch norms folded.
    public struct ImageTower: Sendable, Equatable {
        /// The values of `type` that are supported.
        public static let types = ["efficientnet_lite2"]
        /// One of ``types``.
        public let type: String
        /// Width and height of the image in pixels.
        public let imageSize: Int
        /// The number of positions of the output grid.
        public let tokens: Int
        /// The width of each token.
        public let channels: Int
    }

    /// A BERT encoder; the names are those of Hugging Face's `BertConfig`.
    public struct TextTower: Sendable, Equatable {
        /// The values of `type` that are supported.
        public static let types = ["bert"]
        /// One of ``types``.
        public let type: String
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
        /// How tokens become one vector: "mean".
        public let pooling: String
    }

    /// A transformer that reads image tokens and writes word pieces.
    public struct CaptionHead: Sendable, Equatable {
        /// The values of `type` that are supported.
        public static let types = ["decoder"]
        /// One of ``types``.
        public let type: String
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
    }
}
