import Checkpoint
import Media
import Networks
import Tensor
import Tokenizer

/// A checkpoint ready to answer: its towers and heads packed for this machine, and the threads that compute.
///
/// The batch stages (`encode`, `classify`, `project`, `encodeImages`, `embedTexts`, `startCaptions`, `step`) are meant for
/// one thread, the engine's; calls from several threads are safe and wait for each other. Where one of them pauses, others may
/// be made within it. What a request gets does not
/// depend on what it is batched with, nor on the number of threads: equal to the last bit.
public final class LoadedModel: Sendable {
    /// The name in `config.json`, such as "sensorium-base".
    public let name: String
    /// The family: `model_type` of `config.json`.
    public let architecture: String
    /// "sha256:…" over all its files.
    public let digest: String
    /// What the digest was while it left out `tokenizer.json` and `preprocessor_config.json`.
    public let formerDigest: String
    /// The number of weights.
    public let parameters: Int
    /// What most of them are stored in: "f32", "f16" or "bf16".
    public let precision: String
    /// What the checkpoint can do, of "caption", "emotion", "vqa", "classify", "embed" and "read".
    public let tasks: [String]
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
    /// From a decoded image to the input of image towers; nil without one.
    public let preprocessor: ImagePreprocessor?
    /// The word pieces of texts, prompts and captions; nil where the checkpoint has neither text tower nor caption head.
    public let tokenizer: Tokenizer?

    let configuration: SensoriumConfiguration
    let towers: Towers
    let classifiers: [String: ClassifierHead]
    let linearHeads: [String: LinearHead]
    let projection: ProjectionHead?
    /// Of the classifiers whose answers may be names.
    let namedAnswers: [String: NamedAnswers]
    let captioner: Captioner?
    /// Says how sure captions are; nil where that is not said.
    let judge: CaptionJudge?
    let faceFinder: FaceFinder?
    let words: WordReader?
    let compute: Compute
    var pool: ComputePool { compute.pool }

    /// Maps, checks and packs the checkpoint in `directory`. Throws `CheckpointError`, `TokenizerError`, `MediaError` or
    /// `TaskError`.
    /// - Parameter threads: threads to compute with; `ComputePool.availableThreads()` is what the machine grants.
    public static func load(_ directory: String, threads: Int) throws -> LoadedModel {
        try load(Checkpoint(directory), compute: Compute(threads: threads))
    }

    /// The same of a folder that is open, to compute beside other models.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> LoadedModel {
        do {
            return try LoadedModel(try SensoriumCheckpoint(folder), compute: compute)
        } catch {
            // That was the first fault; whoever mends the folder wants to know of all.
            let problems = ModelSurvey.problems(of: folder)
            guard problems.count > 1 else { throw error }
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
    }

    private init(_ checkpoint: SensoriumCheckpoint, compute: Compute) throws {
        let configuration = checkpoint.configuration
        try configuration.checkHeads()
        let weights = Weights(checkpoint.folder)
        let networks = ModelNetworks(weights, configuration)
        try weights.finish()
        let image = configuration.towers.image
        let text = configuration.towers.text
        let caption = configuration.heads.caption
        tokenizer = try Self.tokenizer(checkpoint)
        preprocessor = try image.flatMap { _ in try checkpoint.preprocessor.map { try Self.preprocessor($0) } }

        faceFinder = networks.faceFinder
        words = networks.words
        classifiers = networks.classifiers
        linearHeads = networks.linearHeads
        towers = networks.towers
        if let caption, let image, let tokenizer, let read = networks.caption {
            captioner = try Captioner(
                read, caption, tower: image, width: configuration.width, tokenizer: tokenizer,
                names: caption.things == nil ? nil : towers.sight?.names)
        } else {
            captioner = nil
        }
        projection = networks.projection
        judge = CaptionJudge(configuration, towers: towers, projection: projection, tokenizer: tokenizer)
        namedAnswers = networks.namedAnswers

        self.configuration = configuration
        name = checkpoint.name
        architecture = SensoriumConfiguration.modelType
        digest = checkpoint.folder.digest
        formerDigest = checkpoint.folder.formerDigest
        parameters = weights.parameterCount
        precision = checkpoint.folder.precision
        tasks = configuration.tasks
        imageDimensions = image?.channels
        textDimensions = text?.hiddenSize
        textTokenLimit = text?.maxTokens
        captionTokenLimit = captioner?.longestCaption
        threads = compute.pool.threadCount
        self.compute = compute
        // What is packed is not read again; rows of the embeddings come back page by page.
        checkpoint.folder.releaseMapping()
    }

    /// The tokenizer of a checkpoint that reads or writes texts.
    private static func tokenizer(_ checkpoint: SensoriumCheckpoint) throws -> Tokenizer? {
        let configuration = checkpoint.configuration
        guard configuration.towers.text != nil || configuration.heads.caption != nil else { return nil }
        let tokenizer = try Tokenizer(contentsOf: checkpoint.folder.directory + "/tokenizer.json")
        try configuration.check(tokenizer)
        return tokenizer
    }

    private static func preprocessor(_ configuration: PreprocessorConfiguration) throws(TaskError) -> ImagePreprocessor
    {
        guard let resampling = Resampling(rawValue: configuration.resample) else {
            throw .inconsistentModel("preprocessor_config.json asks for the unknown filter \(configuration.resample)")
        }
        return ImagePreprocessor(
            width: configuration.width, height: configuration.height, resampling: resampling,
            scale: configuration.scale, mean: configuration.mean, deviation: configuration.deviation)
    }
}
