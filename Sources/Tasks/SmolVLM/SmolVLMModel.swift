import Checkpoint
import Media
import Networks
import Tensor
import Tokenizer

/// A published Idefics 3 or SmolVLM: says what is in pictures, answers questions about them and talks about them.
public final class SmolVLMModel: Sendable {
    /// What it is, for whoever asks.
    public let identity: ModelIdentity
    /// The pictures that it takes.
    public let picture: PartSpec
    let configuration: SmolVLMConfiguration
    let prompt: SmolVLMPrompt
    private let eyes: TileEncoder
    private let decoder: LlamaDecoder
    private let compute: Compute

    /// What is asked where a caption is wanted and the request does not say how.
    static let captionInstruction = "Can you describe this image?"
    /// Tokens of a text where neither the request nor the checkpoint says.
    static let usualTokens = 256

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError`, `TokenizerError` or `TaskError`.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> SmolVLMModel {
        try SmolVLMModel(folder, compute: compute)
    }

    private init(_ folder: Checkpoint, compute: Compute) throws {
        configuration = try SmolVLMConfiguration(folder)
        let weights = Weights(folder)
        eyes = TileEncoder(weights["model"], configuration)
        decoder = LlamaDecoder(
            weights["model.text_model"], whole: weights, configuration.text, isTied: configuration.isTied)
        try weights.finish(ignoring: ["position_ids", "inv_freq"])
        prompt = try SmolVLMPrompt(folder, configuration)
        picture = PartSpec(
            part: "image", tower: "image", .image(try PicturePreparation(configuration.pictures)))
        identity = ModelIdentity(folder, weights, configuration.modelType)
        self.compute = compute
    }

    /// The vectors that stand for pictures in the text decoder: those of each tile [tokens, d], one tile after the other.
    func vectors(of pictures: [PictureTiles], _ workspace: Workspace, pause: () -> Void) -> [Float] {
        pictures.flatMap(\.tiles).flatMap {
            eyes.encode($0, workspace: workspace, pool: compute.pool, pause: pause)
        }
    }

    /// Begins what comes next in a conversation: looks at its pictures and reads all but its last token. Throws `TaskError`.
    /// - Parameter option: what the request calls the conversation.
    func begin(
        _ messages: [ChatMessage], called option: String, _ options: GenerationOptions, pause: () -> Void
    ) throws(TaskError) -> TextGeneration<SplicedVectors> {
        let ids = try prompt.ids(of: messages, called: option)
        let request = TextGeneration<SplicedVectors>.Request(
            options: options, usual: configuration.generation, prompt: ids, longest: configuration.text.maxPositions,
            usualTokens: Self.usualTokens)
        return compute.take { memory in
            let vectors = vectors(of: messages.flatMap(\.pictures), memory.workspace, pause: pause)
            let spliced = SplicedVectors(
                vectors, width: eyes.outputWidth, inPlaceOf: prompt.imageToken, in: ids)
            let sequence = decoder.begin(spliced, capacity: TextGeneration<SplicedVectors>.capacity(request))
            decoder.read(
                ids.dropLast(), sequence, workspace: memory.workspace, pool: compute.pool, pause: pause)
            return TextGeneration(request, sequence, next: ids.suffix(1), tokenizer: prompt.tokenizer)
        }
    }

    /// Takes all given texts one step on, together.
    func write(_ texts: [TextGeneration<SplicedVectors>]) {
        compute.take { decoder.write(texts, workspace: $0.workspace, pool: compute.pool) }
    }

    /// The logits of what follows the last token of a conversation.
    func logits(after messages: [ChatMessage]) throws -> [Float] {
        let ids = try prompt.ids(of: messages, called: "messages")
        return compute.take { memory in
            let vectors = vectors(of: messages.flatMap(\.pictures), memory.workspace) {}
            let spliced = SplicedVectors(
                vectors, width: eyes.outputWidth, inPlaceOf: prompt.imageToken, in: ids)
            let sequence = decoder.begin(spliced, capacity: ids.count)
            decoder.read(ids.dropLast(), sequence, workspace: memory.workspace, pool: compute.pool)
            let logits = decoder.step(
                [DecoderInput(sequence, ids.suffix(1))], workspace: memory.workspace, pool: compute.pool)
            return Array(UnsafeBufferPointer(start: logits, count: decoder.vocabularySize))
        }
    }
}

extension LlamaDecoder: TokenDecoder {}

extension PicturePreparation {
    /// Of the image processor of Idefics 3 and SmolVLM.
    init(_ configuration: TiledPictures) throws(TaskError) {
        guard let filter = Resampling(rawValue: configuration.filter) else {
            throw .inconsistentModel("preprocessor_config.json asks for the unknown filter \(configuration.filter)")
        }
        let rendition: ImageRendition =
            switch configuration.resize {
            case .none: .whole
            case .longest(let side): .longest(side: side, filter)
            case .stretched(let width, let height): .stretched(width: width, height: height, filter)
            }
        let side = configuration.tile
        self.init(
            ImageTiling(side: side, filter: filter, splits: configuration.splits), of: rendition,
            ImagePreprocessor(
                .stretched(width: side, height: side, filter), width: side, height: side, scale: configuration.scale,
                mean: configuration.mean, deviation: configuration.deviation))
    }
}
