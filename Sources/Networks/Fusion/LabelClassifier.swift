import Checkpoint
import Tensor

/// logits = down(gelu(up(x)))
struct LabelClassifier: Sendable {
    private let hidden: Int
    private let labels: Int
    private let up: Linear
    private let down: Linear

    /// Reads `<name>.up` and `<name>.down`.
    init(_ checkpoint: Checkpoint, hidden: Int, labels: Int, name: String) throws(CheckpointError) {
        self.hidden = hidden
        self.labels = labels
        up = try Linear(checkpoint, "\(name).up")
        down = try Linear(checkpoint, "\(name).down")
    }

    static func requirements(_ name: String, inputs: Int, hidden: Int, labels: Int) -> [TensorRequirement] {
        Linear.requirements("\(name).up", outputs: hidden, inputs: inputs)
            + Linear.requirements("\(name).down", outputs: labels, inputs: hidden)
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
