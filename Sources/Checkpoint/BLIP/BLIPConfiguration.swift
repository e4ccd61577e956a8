import JSON

/// A BLIP (Li et al. 2022) of one of its three kinds: `config.json` of `BlipConfig`, with the defaults of transformers 5.24.
public struct BLIPConfiguration: Sendable, Equatable {
    /// The value of `model_type`.
    public static let modelType = "blip"

    /// What the checkpoint was made for, by its architecture.
    public enum Kind: String, Sendable, CaseIterable {
        /// Writes what is in a picture.
        case captioning = "BlipForConditionalGeneration"
        /// Writes the answer to a question about a picture.
        case questionAnswering = "BlipForQuestionAnswering"
        /// Says whether a text fits a picture, and has vectors of both in one space.
        case retrieval = "BlipForImageTextRetrieval"
    }

    /// What it was made for.
    public let kind: Kind
    /// The image tower.
    public let vision: VisionTransformerConfiguration
    /// The text networks, all of one shape.
    public let text: BLIPTextConfiguration
    /// Numbers of a vector of the space; of retrieval alone.
    public let spaceSize: Int
    /// How pictures are prepared.
    public let pictures: ImageProcessorConfiguration

    private static let visionStandard = VisionTransformerConfiguration.Standard(
        image: 384, patch: 16, activation: .gelu, epsilon: 1e-5)

    /// How the decoder writes: greedily, up to 20 tokens. The reference's takes nothing from `generation_config.json`, which is
    /// that of the model around it, nor from `config.json`.
    public var generation: GenerationConfiguration {
        var generation = GenerationConfiguration()
        generation.endTokens = [text.endToken]
        return generation
    }

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var problems = folder.problems
        let pictures = ImageProcessorConfiguration(folder, standard: .blip, &problems)
        var reader = try PublishedFolder.configuration(folder)
        let kind = Self.kind(&reader, folder)
        vision = reader.part("vision_config") { VisionTransformerConfiguration(&$0, Self.visionStandard) }
        let isTied = reader.boolean("tie_word_embeddings", orElse: true)
        text = reader.part("text_config") { BLIPTextConfiguration(&$0, isTied: isTied) }
        spaceSize = reader.integer("image_text_hidden_size", in: 1...16_384, orElse: 256)
        if kind == .questionAnswering {
            // The answer's decoder reads the question's states where its maps are as wide as pictures' are.
            reader.demand(
                text.hiddenSize == vision.hiddenSize, "text_config.hidden_size", text.hiddenSize,
                fits: "vision_config.hidden_size", vision.hiddenSize)
        }
        problems += reader.problems
        guard let pictures, let kind, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.kind = kind
        self.pictures = pictures
        try PublishedFolder.demand(pictures, fits: vision, folder)
    }

    /// By `architectures`, or without them by the tensors that only one kind has.
    private static func kind(_ reader: inout ConfigurationReader, _ folder: Checkpoint) -> Kind? {
        let named = reader.isPresent("architectures") ? reader.strings("architectures") : []
        if let kind = named.lazy.compactMap(Kind.init).first { return kind }
        guard named.isEmpty else {
            reader.refuse("architectures", named.joined(separator: ", "), supported: Kind.allCases.map(\.rawValue))
            return nil
        }
        let tensors = folder.tensors
        if tensors.contains(where: { $0.name.hasPrefix("itm_head.") }) { return .retrieval }
        return tensors.contains { $0.name.hasPrefix("text_encoder.") } ? .questionAnswering : .captioning
    }
}

/// The shape of BLIP's text networks, which are BERTs with cross-attention: `BlipTextConfig`.
public struct BLIPTextConfiguration: Sendable, Equatable {
    /// Rows of the table of tokens.
    public let vocabularySize: Int
    /// Channels of a token.
    public let hiddenSize: Int
    /// Layers.
    public let layers: Int
    /// Heads of each layer.
    public let attentionHeads: Int
    /// Channels between the two maps of a feed-forward layer.
    public let intermediateSize: Int
    /// The most tokens of a text.
    public let maxPositions: Int
    /// What follows the first map of a feed-forward layer.
    public let activation: HiddenActivation
    /// Added to variances.
    public let layerNormEpsilon: Float
    /// The token that a written text begins with, [DEC].
    public let beginToken: Int
    /// Whether the last map is the table of tokens, where the file does not have both.
    public let isTied: Bool
    /// The token that a written text ends with, [SEP].
    public let endToken: Int

    /// - Parameter isTied: whether the whole configuration says so.
    init(_ reader: inout ConfigurationReader, isTied: Bool) {
        let vocabulary = reader.integer("vocab_size", in: 1...10_000_000, orElse: 30_524)
        vocabularySize = vocabulary
        hiddenSize = reader.integer("hidden_size", in: 1...16_384, orElse: 768)
        layers = reader.integer("num_hidden_layers", in: 1...256, orElse: 12)
        attentionHeads = reader.integer("num_attention_heads", in: 1...1024, orElse: 8)
        intermediateSize = reader.integer("intermediate_size", in: 1...65_536, orElse: 3072)
        maxPositions = reader.integer("max_position_embeddings", in: 2...1_000_000, orElse: 512)
        activation = reader.activation("hidden_act", orElse: .gelu)
        layerNormEpsilon = reader.epsilon("layer_norm_eps", orElse: 1e-12)
        let tokens = 0...vocabulary - 1
        beginToken = reader.integer("bos_token_id", in: tokens, orElse: 30_522)
        endToken = reader.integer("sep_token_id", in: tokens, orElse: 102)
        self.isTied = reader.boolean("tie_word_embeddings", orElse: true) || isTied
        if !reader.boolean("is_decoder", orElse: true) {
            reader.refuse("is_decoder", "false", supported: ["true, without which there is no cross-attention"])
        }
        reader.demand(beginToken < vocabulary, "bos_token_id", beginToken, fits: "vocab_size", vocabulary)
        reader.demand(endToken < vocabulary, "sep_token_id", endToken, fits: "vocab_size", vocabulary)
        reader.demandHeads(width: hiddenSize, heads: attentionHeads)
    }
}
