import Checkpoint
import Glibc
import Networks
import Tensor
import Tokenizer

/// A published CLAP (Wu et al. 2023), ready to compare sounds with texts: both have vectors in one space.
public final class SoundTextModel: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// Numbers of a vector.
    public let dimensions: Int
    /// The part that is a sound.
    public let media: PartSpec
    /// How texts are prepared.
    public let textPreparation: TextPreparation

    /// The two maps that follow a tower.
    private struct Projection: Sendable {
        private let first: VectorMap, second: VectorMap

        init(_ weights: Weights, _ inputs: Int, _ outputs: Int, _ activation: HiddenActivation) {
            first = VectorMap(weights, "linear1", inputs, outputs, activation: activation)
            second = VectorMap(weights, "linear2", outputs, outputs)
        }

        func callAsFunction(_ vectors: [[Float]], _ pool: ComputePool) -> [[Float]] {
            second(first(vectors, pool: pool), pool: pool)
        }
    }

    private let audio: HTSAT
    private let audioProjection: Projection
    private let words: BERT
    private let pooler: VectorMap
    private let textProjection: Projection
    /// The factor of the cosine of a sound and a text.
    private let scale: Float
    private let compute: Compute

    /// Checks and packs the CLAP in a folder. Throws `CheckpointError`, `TokenizerError` or `TaskError`.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> SoundTextModel {
        try SoundTextModel(folder, compute: compute)
    }

    private init(_ folder: Checkpoint, compute: Compute) throws {
        let configuration = try CLAPConfiguration(folder)
        let weights = Weights(folder)
        let (text, size) = (configuration.text, configuration.projectionSize)
        let (width, activation) = (text.hiddenSize, configuration.projectionActivation)
        audio = HTSAT(weights["audio_model.audio_encoder"], configuration.audio)
        audioProjection = Projection(
            weights["audio_projection"], configuration.audio.stages.last?.width ?? 1, size, activation)
        words = BERT(weights["text_model"], text)
        pooler = VectorMap(weights["text_model"], "pooler.dense", width, width, isBounded: true)
        textProjection = Projection(weights["text_projection"], width, size, activation)
        scale = exp(weights.floats("logit_scale_a", []).first ?? 0)
        _ = weights.floats("logit_scale_t", [])
        try weights.finish(
            ignoring: ["position_ids", "token_type_ids", "relative_position_index", "num_batches_tracked"])
        let tokenizer = try Tokenizer(folder: folder.directory)
        try tokenizer.requireIDs(below: text.vocabularySize)
        textPreparation = TextPreparation(tokenizer, maxTokens: text.maxTokens)
        try textPreparation.requireSpecialTokens()
        media = PartSpec(
            part: "audio", tower: "audio", .sound(SoundPreparation(SoundCrops(configuration.sounds))))
        dimensions = size
        self.compute = compute
        identity = ModelIdentity(folder, weights, CLAPConfiguration.modelType)
    }

    /// The space of its vectors.
    public var space: EmbeddingSpace { EmbeddingSpace(dimensions: dimensions, inputs: [media, text]) }

    /// The part that is a text.
    public var text: PartSpec { PartSpec(part: "text", tower: "text", .text(textPreparation)) }

    /// The vectors of sounds, each as the spectrograms of its crops, projected, of any length.
    public func encode(media sounds: [[Float]], pause: () -> Void = {}) -> [[Float]] {
        compute.take { memory in
            let pooled = sounds.map { audio($0, workspace: memory.workspace, pool: compute.pool, pause: pause) }
            return audioProjection(pooled, compute.pool)
        }
    }

    /// The vectors of texts, projected, of any length.
    public func encode(texts: [Tokenizer.Encoding], pause: () -> Void = {}) -> [[Float]] {
        compute.take { memory in
            let states = words.hiddenStates(
                texts.map(\.ids), first: 1, workspace: memory.workspace, pool: compute.pool, pause: pause)
            return textProjection(pooler(states.map(\.values), pool: compute.pool), compute.pool)
        }
    }

    /// How well each text fits a sound: scale · cosine. Vectors of any length.
    public func logits(sound: [Float], texts: [[Float]]) -> [Float] {
        let sound = ofLengthOne(sound)
        return texts.map { text in
            Float(Double(scale) * zip(sound, ofLengthOne(text)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
        }
    }
}

extension SoundTextModel: DualEncoder, ZeroShotModel {
    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: ["zero-shot", "embed"])
        card.textDimensions = dimensions
        card.space = space
        card.zeroShot = ModelCard.ZeroShotInput(input: media, text: textPreparation, isExclusive: true)
        return card
    }

    /// The scores of each question's texts.
    public func scores(_ questions: [ZeroShotQuestion], pause: () -> Void) -> [Result<[Float], any Error>] {
        questions.map { question in
            guard let crops = values(question.input), let sound = encode(media: [crops], pause: pause).first else {
                return .failure(TaskError.taskNotAvailable("zero-shot", model: identity.name))
            }
            return .success(softmax(logits(sound: sound, texts: encode(texts: question.texts, pause: pause))))
        }
    }
}
