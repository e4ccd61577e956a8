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
    public let sound: PartSpec
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
        guard !textPreparation.encode("").ids.isEmpty else {
            throw TaskError.inconsistentModel(
                "the tokenizer puts no special tokens around a text, so an empty one has none")
        }
        sound = PartSpec(
            part: "audio", tower: "audio", .sound(SoundPreparation(SoundCrops(configuration.sounds))))
        dimensions = size
        self.compute = compute
        identity = ModelIdentity(folder, weights, CLAPConfiguration.modelType)
    }

    /// The space of its vectors.
    public var space: EmbeddingSpace { EmbeddingSpace(dimensions: dimensions, inputs: [sound, text]) }

    /// The part that is a text.
    public var text: PartSpec { PartSpec(part: "text", tower: "text", .text(textPreparation)) }

    /// The vectors of sounds, each as the spectrograms of its crops, projected, of any length.
    public func encode(sounds: [[Float]], pause: () -> Void = {}) -> [[Float]] {
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

extension SoundTextModel: EmbeddingModel, ZeroShotModel {
    /// What it is and can do.
    public var card: ModelCard {
        ModelCard(
            name: identity.name, architecture: identity.architecture, digest: identity.digest,
            parameters: identity.parameters, precision: identity.precision, tasks: ["zero-shot", "embed"],
            textDimensions: dimensions, space: space,
            zeroShot: ModelCard.ZeroShotInput(input: sound, text: textPreparation, isExclusive: true))
    }

    /// The vector of each query: one pass of the text tower over all texts, and of the audio tower over each sound.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        var texts: [Tokenizer.Encoding] = []
        for case .text(let encoding)? in queries.map({ $0.parts[text.part] }) { texts.append(encoding) }
        var ofTexts = encode(texts: texts, pause: pause)[...]
        return queries.map { query in
            var vectors: [String: [Float]] = [:]
            if let crops = Self.crops(query.parts[sound.part]) {
                vectors[sound.part] = encode(sounds: [crops], pause: pause).first
            }
            if case .text? = query.parts[text.part] { vectors[text.part] = ofTexts.popFirst() }
            return Result {
                try space.check(parts: query.parts.keys, view: query.view, weight: query.weight)
                guard vectors.count == query.parts.count, !vectors.isEmpty else {
                    throw TaskError.missingParts([sound.part, text.part], head: identity.name, all: false)
                }
                return SpaceVector(of: vectors, weight: query.weight)
            }
        }
    }

    /// The scores of each question's texts.
    public func scores(_ questions: [ZeroShotQuestion], pause: () -> Void) -> [Result<[Float], any Error>] {
        questions.map { question in
            guard let crops = Self.crops(question.input), let sound = encode(sounds: [crops], pause: pause).first else {
                return .failure(TaskError.taskNotAvailable("zero-shot", model: identity.name))
            }
            return .success(softmax(logits(sound: sound, texts: encode(texts: question.texts, pause: pause))))
        }
    }

    private static func crops(_ input: ModelInput?) -> [Float]? {
        if case .mel(let spectrograms)? = input { spectrograms.first } else { nil }
    }
}
