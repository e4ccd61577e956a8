import Checkpoint
import Networks
import Tensor

/// A published wav2vec 2.0, HuBERT or WavLM that tells sounds by labels: what is felt, who speaks, which word or language it is.
public final class SpeechClassifierModel: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// What sounds are told by.
    public let labels: [String]
    /// What their logits become.
    public let kind: SequenceClassifierConfiguration.Scores
    /// The part that is a sound.
    public let input: PartSpec

    private let encoder: SpeechEncoder
    private let projector: VectorMap
    private let classifier: VectorMap
    private let compute: Compute

    /// Seconds of the longest sound: all of its frames see each other, which takes time and memory that grow with the square of its length.
    public static let mostSeconds = 120

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError`.
    public init(
        _ folder: Checkpoint, _ configuration: SpeechConfiguration, _ head: SpeechClassifier, compute: Compute
    ) throws {
        let weights = Weights(folder)
        let width = configuration.hiddenSize
        let states = configuration.layers + 1
        encoder = SpeechEncoder(
            weights[configuration.family.rawValue], configuration,
            layerWeights: head.sumsLayers ? weights.floats("layer_weights", [states]) : nil)
        projector = VectorMap(weights, "projector", width, head.projectionSize)
        classifier = VectorMap(weights, "classifier", head.projectionSize, head.labels.count)
        try weights.finish(ignoring: Self.unread)
        labels = head.labels
        kind = head.scores
        input = PartSpec(
            part: "audio", tower: "audio", .sound(SoundPreparation(configuration, mostSeconds: Self.mostSeconds)))
        self.compute = compute
        identity = ModelIdentity(folder, weights, configuration.family.rawValue)
    }

    /// What is put in place of frames that are hidden in training, and what batch norms count then.
    static let unread = ["masked_spec_embed", "num_batches_tracked"]

    /// The logits of a sound's labels: its states' mean over time, mapped twice.
    public func logits(_ samples: [Float], pause: () -> Void = {}) -> [Float] {
        compute.take { memory in
            let sound = encoder.begin(samples[...])
            while !encoder.advance(sound, workspace: memory.workspace, pool: compute.pool) { pause() }
            // The mean of what is mapped is what the mean is mapped to.
            let projected = projector([sound.mean], pool: compute.pool)
            return classifier(projected, pool: compute.pool).first ?? []
        }
    }

    /// What logits become.
    public func scores(_ logits: [Float]) -> [Float] {
        switch kind {
        case .identity: logits
        case .sigmoid: logits.map(sigmoid)
        case .softmax: softmax(logits)
        }
    }
}

extension SpeechClassifierModel: ClassifyingModel {
    /// The name of its head.
    private static let head = "audio-classification"

    /// What it is and can do.
    public var card: ModelCard {
        let head = HeadDescription.published(
            Self.head, labels: labels, inputs: [input], isExclusive: kind == .softmax)
        var card = ModelCard(identity, tasks: head.tasks)
        card.heads = [head]
        return card
    }

    /// The labels of each sound, one sound after the other.
    public func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        questions.map { question in
            guard case .samples(let samples)? = question.parts[input.part] else {
                return .failure(TaskError.missingParts([input.part], head: Self.head, all: true))
            }
            let scores = scores(logits(samples, pause: pause))
            return .success(
                HeadAnswer(
                    Classification(probabilities: scores, alone: [input.part: scores], weights: [input.part: 1])))
        }
    }
}

extension SoundPreparation {
    /// Of an encoder of raw speech that takes sounds of so many seconds at once.
    /// - Parameter hearsLonger: whether longer sounds are heard in pieces.
    init(_ configuration: SpeechConfiguration, mostSeconds: Int, hearsLonger: Bool = false) {
        self.init(
            samplesAt: configuration.sampleRate, seconds: mostSeconds, samplesPerToken: configuration.samplesPerFrame,
            tokenNumbers: SpeechEncoding.statesOfFrame * configuration.hiddenSize,
            leastSamples: configuration.samplesOfFrame, mostSeconds: hearsLonger ? nil : Double(mostSeconds))
    }
}
