import JSON

/// An Idefics 3 (Laurençon et al. 2024) or a SmolVLM (Marafioti et al. 2025), which is one with another name and smaller: a vision
/// transformer, a map of its tokens and a Llama that reads them between words. `config.json` of `Idefics3Config` or `SmolVLMConfig`,
/// `generation_config.json` and the files of the processor. What a file leaves out is what transformers 5.24 takes for it.
public struct SmolVLMConfiguration: Sendable, Equatable {
    /// The values of `model_type`.
    public static let modelTypes = ["idefics3", "smolvlm"]

    /// Which of them it is.
    public let modelType: String
    /// The vision transformer.
    public let vision: VisionTransformerConfiguration
    /// The text decoder.
    public let text: LlamaConfiguration
    /// How many tokens of a tile, across and down, become one.
    public let scaleFactor: Int
    /// The token that stands in texts for each token of a tile.
    public let imageToken: Int
    /// Whether the output layer is the table of tokens where the file has no other.
    public let isTied: Bool
    /// How pictures are prepared.
    public let pictures: TiledPictures
    /// How text is written.
    public let generation: GenerationConfiguration

    /// Patches across a tile, and down.
    public var patchesAcross: Int { pictures.tile / vision.patchWidth }

    /// Patches across the picture that positions were learned for.
    public var learnedAcross: Int { vision.imageWidth / vision.patchWidth }

    /// Tokens of a tile that the text decoder reads.
    public var tokensOfTile: Int { (patchesAcross / scaleFactor) * (patchesAcross / scaleFactor) }

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var files = PublishedFiles(folder)
        files.problems = folder.problems
        guard var reader = files.reader("config.json", isRequired: true) else {
            throw CheckpointError(directory: folder.directory, problems: files.problems)
        }
        modelType = reader.string("model_type", oneOf: Self.modelTypes)
        let standard = VisionTransformerConfiguration.Standard(
            width: 1152, heads: 16, patch: 32, activation: .tanhGELU, epsilon: 1e-6)
        vision = reader.part("vision_config") { VisionTransformerConfiguration(&$0, standard) }
        let hasText = reader.isPresent("text_config")
        text = reader.part("text_config") { LlamaConfiguration(&$0, epsilon: hasText ? 1e-6 : 1e-5) }
        scaleFactor = reader.integer("scale_factor", in: 1...64, orElse: 2)
        imageToken = reader.integer("image_token_id", in: 0...10_000_000, orElse: 128_257)
        isTied = reader.boolean("tie_word_embeddings", orElse: false)
        reader.demand(
            imageToken < text.vocabularySize, "image_token_id", imageToken, fits: "text_config.vocab_size",
            text.vocabularySize)
        reader.demand(
            vision.imageWidth == vision.imageHeight && vision.patchWidth == vision.patchHeight,
            "vision_config.image_size", "\(vision.imageHeight)×\(vision.imageWidth)", fits: "tiles", "that are square")
        generation = Self.generation(&files, vocabulary: text.vocabularySize)
        guard let pictures = TiledPictures(&files) else {
            throw CheckpointError(directory: folder.directory, problems: files.problems + reader.problems)
        }
        self.pictures = pictures
        let across = pictures.tile / vision.patchWidth
        reader.demand(
            across > 0 && across % scaleFactor == 0, "scale_factor", scaleFactor, fits: "the patches across a tile",
            across)
        let tokens = (across / scaleFactor) * (across / scaleFactor)
        if var processor = files.reader("processor_config.json") {
            let said = processor.integer("image_seq_len", in: 1...1_000_000, orElse: tokens)
            processor.demand(said == tokens, "image_seq_len", said, fits: "the tokens of a tile", tokens)
            files.problems += processor.problems
        }
        let problems = files.problems + reader.problems
        guard problems.isEmpty else { throw CheckpointError(directory: folder.directory, problems: problems) }
    }

    /// Without a file of its own, what `config.json` says, of which the end may stand with the text decoder.
    private static func generation(_ files: inout PublishedFiles, vocabulary: Int) -> GenerationConfiguration {
        var generation = GenerationConfiguration(&files, vocabulary: vocabulary)
        guard !files.folder.has("generation_config.json"), generation.endTokens.isEmpty else { return generation }
        generation.endTokens = GenerationConfiguration(&files, older: "text_config", vocabulary: vocabulary).endTokens
        // Llama's own.
        if generation.endTokens.isEmpty, vocabulary > 2 { generation.endTokens = [2] }
        return generation
    }
}
