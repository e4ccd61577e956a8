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

    /// Reads `attention_norm`, `attention.…`, `feed_forward_norm` and `feed_forward.…`.
    init(_ weights: Weights, width: Int, heads: Int, inner: Int, epsilon: Float) {
        self.width = width
        attentionNorm = weights.layerNorm("attention_norm", width, epsilon: epsilon)
        queryKeyValue = weights["attention"].linear(stacking: ["query", "key", "value"], width, width)
        attentionOutput = weights.linear("attention.output", width, width)
        feedForward = FeedForward(weights, width: width, inner: inner, epsilon: epsilon)
        attentionShape = weights.made(
            AttentionShape(
                heads: heads, headWidth: width / heads, queryStride: 3 * width, keyStride: 3 * width,
                valueStride: 3 * width), orElse: .standIn)
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
}
