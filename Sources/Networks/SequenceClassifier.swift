import Checkpoint
import Glibc
import Tensor

/// The head of a `…ForSequenceClassification`: from the last hidden state of a text's first token to a logit for each label.
public final class SequenceClassifier: Sendable {
    private enum Curve {
        case tanh, relu, gelu
    }

    private let width: Int
    private let labels: Int
    private let dense: Linear
    private let curve: Curve
    private let output: Linear

    /// Reads the tensors, with Hugging Face's names.
    /// - Parameters:
    ///   - weights: of the whole model.
    ///   - encoder: those of its encoder.
    public init(_ weights: Weights, encoder: Weights, _ configuration: TextEncoder, labels: Int) {
        width = configuration.hiddenSize
        self.labels = labels
        switch configuration.family {
        case .bert:
            dense = encoder.linear("pooler.dense", width, width)
            curve = .tanh
            output = weights.linear("classifier", width, labels)
        case .distilbert:
            dense = weights.linear("pre_classifier", width, width)
            curve = .relu
            output = weights.linear("classifier", width, labels)
        case .electra, .mpnet, .roberta, .xlmRoberta:
            dense = weights.linear("classifier.dense", width, width)
            curve = configuration.family == .electra ? .gelu : .tanh
            output = weights.linear("classifier.out_proj", width, labels)
        }
    }

    /// The logits [labels] of each text, whatever others are with it.
    public func logits(_ states: [TowerTokens], workspace: Workspace, pool: ComputePool) -> [[Float]] {
        guard !states.isEmpty else { return [] }
        let rows = states.count
        workspace.begin(rows * width, rows * width, rows * labels)
        let first = workspace.take(rows * width)  // [rows, d]
        let hidden = workspace.take(rows * width)  // [rows, d]
        let logits = workspace.take(rows * labels)  // [rows, labels]
        for (row, state) in states.enumerated() {
            for (column, value) in state.values.prefix(width).enumerated() { first[row * width + column] = value }
        }
        let activation: Activation =
            switch curve {
            case .tanh: .none
            case .relu: .relu
            case .gelu: .gelu
            }
        dense.apply(first, rows: rows, activation: activation, into: hidden, pool: pool)
        if case .tanh = curve { for place in 0..<rows * width { hidden[place] = tanhf(hidden[place]) } }
        output.apply(hidden, rows: rows, into: logits, pool: pool)
        return (0..<rows).map { Array(UnsafeBufferPointer(start: logits + $0 * labels, count: labels)) }
    }
}
