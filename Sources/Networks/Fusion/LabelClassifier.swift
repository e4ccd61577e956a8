import Checkpoint
import Tensor

/// logits = down(gelu(up(x)))
struct LabelClassifier: Sendable {
    private let hidden: Int
    private let labels: Int
    private let up: Linear
    private let down: Linear

    /// Reads `up` and `down`.
    init(_ weights: Weights, inputs: Int, hidden: Int, labels: Int) {
        self.hidden = hidden
        self.labels = labels
        up = weights.linear("up", inputs, hidden)
        down = weights.linear("down", hidden, labels)
    }

    /// Rows of the same width → the logits of each.
    func callAsFunction(_ rows: [[Float]], pool: ComputePool) -> [[Float]] {
        guard !rows.isEmpty else { return [] }
        let inner = FloatBuffer(count: rows.count * hidden)
        let logits = FloatBuffer(count: rows.count * labels)
        up.apply(Array(rows.joined()), rows: rows.count, activation: .gelu, into: inner.pointer, pool: pool)
        down.apply(inner.pointer, rows: rows.count, into: logits.pointer, pool: pool)
        return rows.indices.map { row in
            Array(UnsafeBufferPointer(start: logits.pointer + row * labels, count: labels))
        }
    }
}
