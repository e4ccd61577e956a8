import Checkpoint
import Tensor

/// A pre-LN transformer layer (Vaswani et al. 2017; Xiong et al. 2020) over sequences that stand one below the other:
///
///     x += attention(norm(x));  x += feedForward(norm(x))
struct TransformerLayer: Sendable {
    private let attentionNorm: LayerNorm
    private let attention: SelfAttention
    private let feedForward: FeedForward

    /// Reads `attention_norm`, `attention.…`, `feed_forward_norm` and `feed_forward.…`.
    init(_ weights: Weights, width: Int, heads: Int, inner: Int, epsilon: Float) {
        attentionNorm = weights.layerNorm("attention_norm", width, epsilon: epsilon)
        attention = SelfAttention(weights["attention"], .own, width: width, heads: heads)
        feedForward = FeedForward(weights, width: width, inner: inner, epsilon: epsilon)
    }

    /// x [rows, width] in place; `normed` [rows, width] and `wide` [rows, max(3 · width, inner)] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, _ rows: RowSpans, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        attentionNorm.apply(x, rows: rows.total, into: normed, pool: pool)
        attention.apply(normed, rows, queryKeyValue: wide, mixed: normed, residual: x, into: x, pool: pool)
        feedForward.apply(x, rows: rows.total, normed: normed, inner: wide, pool: pool)
    }
}

extension SelfAttention.Names {
    /// Those of our own checkpoints.
    static let own = SelfAttention.Names(query: "query", key: "key", value: "value", output: "output")
}
