import Checkpoint
import Media
import Networks
import Synchronization
import Tensor
import Tokenizer

/// The tokens of an image, computed once and used by every task that is asked about it.
public struct ImageEncoding: Sendable {
    /// [tokens, channels] in row-major order, the grid of the image tower row by row.
    let tokens: [Float]
}

/// A checkpoint ready to answer: its towers and heads packed for this machine, and the threads that compute.
///
/// The batch stages (`encodeImages`, `embedTexts`, `startCaptions`, `step`) are meant for one thread, the engine's; calls
/// from several threads are safe and wait for each other. What a request gets does not depend on what it is batched with,
/// nor on the number of threads: equal to the last bit.
public final class LoadedModel: Sendable {
    /// The name in `config.json`, such as "sensorium-base".
    public let name: String
    /// The family: `model_type` of `config.json`.
    public let architecture: String
    /// "sha256:…" over configuration and tensors.
    public let digest: String
    /// The number of weights.
    public let parameters: Int
    /// What the checkpoint can do, of "caption" and "embed".
    public let tasks: [String]
    /// Width and height of what `preprocessor` makes; nil without an image tower.
    public let imageSize: (width: Int, height: Int)?
    /// Length of the embedding of an image; nil without an image tower.
    public let imageDimensions: Int?
    /// Length of the embedding of a text; nil without a text tower.
    public let textDimensions: Int?
    /// The most tokens of a text, [CLS] and [SEP] included; nil without a text tower.
    public let textTokenLimit: Int?
    /// The most tokens of a caption, its end included; nil without a caption head.
    public let captionTokenLimit: Int?
    /// Threads that compute, the caller's included.
    public let threads: Int
    /// From a decoded image to the image tower's input; nil without an image tower.
    public let preprocessor: ImagePreprocessor?
    /// The word pieces of texts, prompts and captions.
    public let tokenizer: WordPieceTokenizer

    private let imageTower: EfficientNetLite?
    private let textTower: BERT?
    private let captioner: Captioner?
    private let imageTokens: Int
    private let pool: ComputePool
    /// Held by whoever computes.
    private let turn = Mutex(())
    // The memory to compute in, touched only by whoever holds `turn`.
    private nonisolated(unsafe) let textWorkspace = Workspace()
    private nonisolated(unsafe) let captionWorkspace = CaptionWorkspace()

    /// Maps, checks and packs the checkpoint in `directory`. Throws `CheckpointError`, `TokenizerError`, `MediaError` or
    /// `TaskError`.
    /// - Parameter threads: threads to compute with; `ComputePool.availableThreads()` is what the machine grants.
    public static func load(_ directory: String, threads: Int) throws -> LoadedModel {
        try LoadedModel(try Checkpoint.open(directory), pool: ComputePool(threads: threads))
    }

    private init(_ checkpoint: Checkpoint, pool: ComputePool) throws {
        let configuration = checkpoint.configuration
        try configuration.checkHeads()
        let requirements = Self.requirements(configuration)
        try checkpoint.validate(requirements)
        tokenizer = try WordPieceTokenizer(contentsOf: checkpoint.directory + "/tokenizer.json")
        try configuration.check(tokenizer)

        let image = configuration.towers.image
        let text = configuration.towers.text
        let caption = configuration.heads.caption
        imageTower = try image.map { try Self.imageTower($0, checkpoint) }
        preprocessor = try image.flatMap { _ in try checkpoint.preprocessor.map { try Self.preprocessor($0) } }
        textTower = try text.map { try BERT(checkpoint, $0) }
        if let caption, let image {
            captioner = try Captioner(
                checkpoint, caption, tower: image, width: configuration.width, tokenizer: tokenizer)
        } else {
            captioner = nil
        }

        name = checkpoint.name
        architecture = checkpoint.modelType
        digest = checkpoint.digest
        parameters = requirements.reduce(0) { $0 + $1.shape.reduce(1, *) }
        tasks = (captioner == nil ? [] : ["caption"]) + (image == nil && text == nil ? [] : ["embed"])
        imageSize = preprocessor.map { ($0.width, $0.height) }
        imageDimensions = image?.channels
        imageTokens = image?.tokens ?? 0
        textDimensions = text?.hiddenSize
        textTokenLimit = text?.maxTokens
        captionTokenLimit = captioner?.longestCaption
        threads = pool.threadCount
        self.pool = pool
        // What is packed is not read again; rows of the embeddings come back page by page.
        checkpoint.releaseMapping()
    }

    /// Every tensor that a checkpoint of this configuration has.
    static func requirements(_ configuration: SensoriumConfiguration) -> [TensorRequirement] {
        let image = configuration.towers.image
        var all = image.map { _ in EfficientNetLite.requirements() } ?? []
        all += configuration.towers.text.map { BERT.requirements($0) } ?? []
        if let image, let caption = configuration.heads.caption {
            all += Captioner.requirements(caption, tower: image, width: configuration.width)
        }
        return all
    }

    /// The tower, if its grid is what the configuration says.
    private static func imageTower(
        _ configuration: SensoriumConfiguration.ImageTower, _ checkpoint: Checkpoint
    ) throws -> EfficientNetLite {
        let tower = try EfficientNetLite(checkpoint)
        let found = [configuration.imageSize, configuration.tokens, configuration.channels]
        let expected = [tower.imageSize, tower.tokenCount, tower.channels]
        guard found == expected else {
            throw TaskError.inconsistentModel(
                "image_size, tokens and channels of \(configuration.type) are \(expected), but config.json says \(found)"
            )
        }
        return tower
    }

    private static func preprocessor(_ configuration: PreprocessorConfiguration) throws(TaskError) -> ImagePreprocessor
    {
        guard let resampling = Resampling(rawValue: configuration.resample) else {
            throw .inconsistentModel("preprocessor_config.json asks for the unknown filter \(configuration.resample)")
        }
        return ImagePreprocessor(
            width: configuration.width, height: configuration.height, resampling: resampling,
            mean: configuration.mean, deviation: configuration.deviation)
    }

    // Stages

    /// Word pieces of a text for `embedTexts`, cut to the model's limit; nil without a text tower.
    public func encode(_ text: String) -> WordPieceTokenizer.Encoding? {
        textTokenLimit.map { tokenizer.encode(text, maxTokens: $0) }
    }

    /// Images as `preprocessor` makes them, [height, width, 3] each → their tokens. One pass of the tower over all.
    /// Empty without an image tower.
    public func encodeImages(_ pixels: [[Float]]) -> [ImageEncoding] {
        guard let imageTower, let imageSize, let imageDimensions, !pixels.isEmpty else { return [] }
        let size = imageSize.width * imageSize.height * 3
        let encodingSize = imageTokens * imageDimensions
        var batch: [Float] = []
        batch.reserveCapacity(pixels.count * size)
        for image in pixels {
            precondition(image.count == size, "an image has \(image.count) values instead of \(size)")
            batch += image
        }
        let tokens = turn.withLock { _ in
            [Float](unsafeUninitializedCapacity: pixels.count * encodingSize) { tokens, initialized in
                // `encodingSize` is above 0, so that there is a base address.
                if let base = tokens.baseAddress {
                    imageTower.tokens(batch, batch: pixels.count, into: base, pool: pool)
                }
                initialized = pixels.count * encodingSize
            }
        }
        return pixels.indices.map { index in
            ImageEncoding(tokens: Array(tokens[index * encodingSize..<(index + 1) * encodingSize]))
        }
    }

    /// Encoded texts → their sentence embeddings, not normalised. Empty without a text tower.
    public func embedTexts(_ texts: [WordPieceTokenizer.Encoding]) -> [[Float]] {
        guard let textTower else { return [] }
        return turn.withLock { _ in textTower.embed(texts.map(\.ids), workspace: textWorkspace, pool: pool) }
    }

    /// The mean of an image's tokens, not normalised.
    public func imageEmbedding(_ encoding: ImageEncoding) -> [Float] {
        let width = imageDimensions ?? 0
        return [Float](unsafeUninitializedCapacity: width) { mean, initialized in
            if let base = mean.baseAddress { meanPool(encoding.tokens, rows: imageTokens, width: width, into: base) }
            initialized = width
        }
    }

    /// What is wrong with `options` for this model; cheap, and may be called before an image is decoded.
    public func validate(_ options: CaptionOptions) throws(TaskError) {
        try captionTask().validate(options)
    }

    /// Begins the captions of several requests: one pass of the caption encoder over all their images.
    public func startCaptions(_ items: [(ImageEncoding, CaptionOptions)]) throws(TaskError) -> [CaptionGeneration] {
        let captioner = try captionTask()
        let inputs = items.map { (tokens: $0.0.tokens, options: $0.1) }
        return try turn.withLock { _ throws(TaskError) in
            try captioner.start(inputs, workspace: captionWorkspace, pool: pool)
        }
    }

    /// One step of all generations together: the next token of each of their sequences. They may differ in length, beams
    /// and sampling; finished ones are left alone.
    public func step(_ generations: [CaptionGeneration]) {
        guard let captioner else { return }
        turn.withLock { _ in captioner.step(generations, workspace: captionWorkspace, pool: pool) }
    }

    /// The logits of a caption's first token, for comparison with another implementation.
    public func firstStepLogits(_ encoding: ImageEncoding) throws(TaskError) -> [Float] {
        let captioner = try captionTask()
        return turn.withLock { _ in
            captioner.firstStepLogits(encoding.tokens, workspace: captionWorkspace, pool: pool)
        }
    }

    private func captionTask() throws(TaskError) -> Captioner {
        guard let captioner else { throw .taskNotAvailable("caption", model: name) }
        return captioner
    }
}
