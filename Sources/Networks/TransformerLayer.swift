import Checkpoint
import Tensor

/// A pre-LN transformer layer (Vaswani et al. 2017; Xiong et al. 2020) over sequences that stand one below the other:
///
///     x += attention(norm(x));  x += feedForward(norm(x))
struct TransformerLayer: Sendable {
    private let width: Int
    private let attentionNorm: LayerNorm
    private let queryKeyValue: Linear
    private let attentionOutput: Linear
    private let feedForward: FeedForward
    private let attentionShape: AttentionShape

    /// Reads `<name>.attention_norm`, `<name>.attention.…`, `<name>.feed_forward_norm` and `<name>.feed_forward.…`.
    init(_ checkpoint: Checkpoint, _ name: String, width: Int, heads: Int, epsilon: Float) throws(CheckpointError) {
        self.width = width
        attentionNorm = try LayerNorm(checkpoint, "\(name).attention_norm", epsilon: epsilon)
        queryKeyValue = try Linear(
            checkpoint, stacking: ["query", "key", "value"].map { "\(name).attention.\($0)" })
        attentionOutput = try Linear(checkpoint, "\(name).attention.output")
        feedForward = try FeedForward(checkpoint, layer: name, epsilon: epsilon)
        attentionShape = AttentionShape(
            heads: heads, headWidth: width / heads,
            queryStride: 3 * width, keyStride: 3 * width, valueStride: 3 * width)
    }

    /// x [rows, width] in place; `normed` [rows, width] and `wide` [rows, max(3 · width, inner)] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, _ rows: RowSpans, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        attentionNorm.apply(x, rows: rows.total, into: normed, pool: pool)
        queryKeyValue.apply(normed, rows: rows.total, into: wide, pool: pool)
        let sequences = rows.spans.map { span in
            let start = wide + span.lowerBound * 3 * width
            return AttentionSequence(
                query: start, queryRows: span.count, keys: start + width, values: start + 2 * width,
                keyRows: span.count, into: normed + span.lowerBound * width)
        }
        attention(sequences, attentionShape, pool: pool)
        attentionOutput.apply(normed, rows: rows.total, residual: x, into: x, pool: pool)
        feedForward.apply(x, rows: rows.total, normed: normed, inner: wide, pool: pool)
    }

    static func requirements(_ name: String, width: Int, inner: Int) -> [TensorRequirement] {
        var all = LayerNorm.requirements("\(name).attention_norm", width: width)
        for part in ["query", "key", "value", "output"] {
            all += Linear.requirements("\(name).attention.\(part)", outputs: width, inputs: width)
        }
        return all + FeedForward.requirements(layer: name, width: width, inner: inner)
    }
}
