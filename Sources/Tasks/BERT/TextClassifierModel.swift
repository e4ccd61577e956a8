import Checkpoint
import Networks
import Tensor
import Tokenizer

/// A published encoder like BERT with a head that tells texts by labels, or one that scores pairs of texts, ready to answer.
public final class TextClassifierModel: Sendable {
    /// Who it is.
    public let identity: ModelIdentity
    /// Its labels.
    public let labels: [String]
    /// What their logits become.
    public let kind: SequenceClassifierConfiguration.Scores

    /// How a text is prepared, or a pair of them.
    public var textPreparation: TextPreparation { texts.preparation }

    private let texts: EncoderTexts
    private let network: BERT
    private let head: SequenceClassifier
    private let compute: Compute

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError`, `TokenizerError` or `TaskError`.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> TextClassifierModel {
        try TextClassifierModel(folder, compute: compute)
    }

    private init(_ checkpoint: Checkpoint, compute: Compute) throws {
        let configuration = try SequenceClassifierConfiguration(checkpoint)
        let shape = configuration.text.encoder
        let weights = Weights(checkpoint)
        let encoder = weights.encoder(shape.family)
        network = BERT(encoder, shape)
        head = SequenceClassifier(weights, encoder: encoder, shape, labels: configuration.labels.count)
        try weights.finish(ignoring: TextEncoder.Family.unread)
        texts = try EncoderTexts(checkpoint, configuration.text)
        identity = ModelIdentity(checkpoint, weights, shape.family.rawValue)
        labels = configuration.labels
        kind = configuration.scores
        self.compute = compute
    }

    /// The last hidden state of the first token of each text, or pair of them [1, d].
    public func encode(_ encoded: [Tokenizer.Encoding], pause: () -> Void = {}) -> [TowerTokens] {
        compute.take {
            network.hiddenStates(
                encoded.map(\.ids), segments: texts.segments(of: encoded), first: 1, workspace: $0.workspace,
                pool: compute.pool, pause: pause)
        }
    }

    /// The logits [labels] of what was encoded.
    public func logits(_ states: [TowerTokens]) -> [[Float]] {
        compute.take { head.logits(states, workspace: $0.workspace, pool: compute.pool) }
    }

    /// What logits become.
    public func scores(_ logits: [Float]) -> [Float] {
        switch kind {
        case .identity: return logits
        case .sigmoid: return logits.map(sigmoid)
        case .softmax: return softmax(logits)
        }
    }
}
