/// The shape of a transformer encoder of texts like BERT (Devlin et al. 2019), as our own text tower and published ones are.
public struct TextEncoder: Sendable, Equatable {
    /// How the tensors are called, and what else tells the families apart.
    public enum Family: String, Sendable, CaseIterable {
        case bert
        /// Sanh et al. 2019: without segments and pooler.
        case distilbert
        /// Clark et al. 2020: embeddings may be narrower than the layers.
        case electra
        /// Song et al. 2020: a bias of attention by the distance of two tokens, which all layers share.
        case mpnet
        /// Liu et al. 2019.
        case roberta
        /// Conneau et al. 2020.
        case xlmRoberta = "xlm-roberta"
    }

    /// The family.
    public let family: Family
    /// Tokens of the vocabulary.
    public let vocabularySize: Int
    /// Channels of the embeddings.
    public let embeddingSize: Int
    /// Channels of the layers.
    public let hiddenSize: Int
    /// Layers.
    public let layers: Int
    /// Attention heads of a layer.
    public let attentionHeads: Int
    /// Channels between the two maps of a feed-forward layer.
    public let intermediateSize: Int
    /// Rows of the position table.
    public let maxPositions: Int
    /// Where positions are counted from the row behind that of a padding token: its id. nil where they are counted from the first.
    public let paddingIndex: Int?
    /// Rows of the table of segments; 0 for none.
    public let typeVocabularySize: Int
    /// Of the normalisations.
    public let layerNormEpsilon: Float
    /// Of the feed-forward layers.
    public let activation: HiddenActivation
    /// Rows of the table of distances; nil for none.
    public let distanceBuckets: Int?
    /// The most tokens of a text, special tokens included.
    public let maxTokens: Int

    /// The row of the first token's position.
    public var firstPosition: Int { paddingIndex.map { $0 + 1 } ?? 0 }

    /// Of our own text tower, a BERT.
    public init(_ tower: SensoriumConfiguration.TextTower) {
        family = .bert
        vocabularySize = tower.vocabularySize
        embeddingSize = tower.hiddenSize
        hiddenSize = tower.hiddenSize
        layers = tower.layers
        attentionHeads = tower.attentionHeads
        intermediateSize = tower.intermediateSize
        maxPositions = tower.maxPositions
        paddingIndex = nil
        typeVocabularySize = tower.typeVocabularySize
        layerNormEpsilon = tower.layerNormEpsilon
        activation = .gelu
        distanceBuckets = nil
        maxTokens = tower.maxTokens
    }

    /// Of the `config.json` of a published one, with the defaults of transformers 5.24.
    /// - Parameters:
    ///   - limit: the most tokens of a text, where another file says it.
    ///   - standard: rows of the tables of positions and segments where the file does not say them.
    init(
        _ family: Family, published reader: inout ConfigurationReader, limit: Int?,
        standard: (positions: Int, types: Int) = (positions: 512, types: 2)
    ) {
        self.family = family
        // DistilBERT has names of its own, and a normalisation that no file can change.
        let isDistilled = family == .distilbert
        let isElectra = family == .electra
        func standardVocabulary() -> Int {
            switch family {
            case .bert, .distilbert, .electra, .xlmRoberta: 30_522
            case .mpnet: 30_527
            case .roberta: 50_265
            }
        }
        let names =
            isDistilled
            ? (width: "dim", layers: "n_layers", heads: "n_heads", inner: "hidden_dim", activation: "activation")
            : (
                width: "hidden_size", layers: "num_hidden_layers", heads: "num_attention_heads",
                inner: "intermediate_size", activation: "hidden_act"
            )
        if !isDistilled, reader.isPresent("position_embedding_type") {
            _ = reader.string("position_embedding_type", oneOf: ["absolute"])
        }
        if reader.isPresent("is_decoder"), reader.boolean("is_decoder") {
            reader.refuse("is_decoder", "true", supported: ["false"])
        }
        vocabularySize = reader.integer("vocab_size", in: 1...10_000_000, orElse: standardVocabulary())
        hiddenSize = reader.integer(names.width, in: 1...16_384, orElse: isElectra ? 256 : 768)
        embeddingSize = isElectra ? reader.integer("embedding_size", in: 1...16_384, orElse: 128) : hiddenSize
        layers = reader.integer(names.layers, in: 1...256, orElse: isDistilled ? 6 : 12)
        attentionHeads = reader.integer(names.heads, in: 1...1024, orElse: isElectra ? 4 : 12)
        intermediateSize = reader.integer(names.inner, in: 1...65_536, orElse: isElectra ? 1024 : 3072)
        activation = reader.activation(names.activation, orElse: .gelu)
        layerNormEpsilon = isDistilled ? 1e-12 : reader.epsilon("layer_norm_eps", orElse: 1e-12)
        maxPositions = reader.integer("max_position_embeddings", in: 3...1_000_000, orElse: standard.positions)
        switch family {
        case .bert, .electra:
            typeVocabularySize = reader.integer("type_vocab_size", in: 1...1024, orElse: standard.types)
            paddingIndex = nil
        case .distilbert:
            typeVocabularySize = 0
            paddingIndex = nil
        case .mpnet:
            typeVocabularySize = 0
            // Whatever the file says of padding.
            paddingIndex = 1
        case .roberta, .xlmRoberta:
            typeVocabularySize = reader.integer("type_vocab_size", in: 1...1024, orElse: standard.types)
            paddingIndex = reader.integer("pad_token_id", in: 0...1_000_000, orElse: 1)
        }
        // The reference cuts distances into 32 whatever the size of the table.
        distanceBuckets =
            family == .mpnet ? reader.integer("relative_attention_num_buckets", in: 32...4096, orElse: 32) : nil
        let room = maxPositions - (paddingIndex ?? -1) - 1
        maxTokens = max(1, min(limit ?? room, room))
        reader.demand(
            room >= 3, "max_position_embeddings", maxPositions, fits: "pad_token_id", paddingIndex ?? 0)
        reader.demandHeads(width: hiddenSize, names.width, heads: attentionHeads, names.heads)
    }
}
