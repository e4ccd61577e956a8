import Checkpoint
import Tensor

/// A pre-LN transformer layer (Vaswani et al. 2017; Xiong et al. 2020) of the published families of pictures and texts:
///
///     x += scale · attention(norm(x));  x += scale · down(activation(up(norm(x))))
///
/// The scales, one number for each channel, are those of LayerScale (Touvron et al. 2021); most families have none.
struct PreNormLayer: Sendable {
    /// What a family calls the tensors of a layer.
    struct Names: Sendable {
        let attentionNorm: String
        let attention: SelfAttention.Names
        var attentionScale: String?
        let feedForwardNorm: String
        let up: String, down: String
        var feedForwardScale: String?
    }

    /// The shape of a layer.
    struct Shape: Sendable {
        let width: Int, heads: Int, inner: Int
        let activation: Activation
        let epsilon: Float
        var hasAttentionBias = true
        /// Whether the first map has twice the channels: a half that opens, by SiLU, and a half that passes (SwiGLU, Shazeer 2020).
        var isGated = false
    }

    /// Floats of a row of the widest activation.
    static func wideWidth(_ shape: Shape) -> Int { max(3 * shape.width, shape.isGated ? 2 * shape.inner : shape.inner) }

    private let shape: Shape
    private let attentionNorm: LayerNorm
    private let attention: SelfAttention
    private let attentionScale: [Float]?
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let feedForwardScale: [Float]?

    /// Reads the tensors of a layer.
    init(_ weights: Weights, _ shape: Shape, _ names: Names) {
        let width = shape.width
        self.shape = shape
        attentionNorm = weights.layerNorm(names.attentionNorm, width, epsilon: shape.epsilon)
        var projections = names.attention
        if !shape.hasAttentionBias { projections.unbiased.formUnion(projections.projections) }
        attention = SelfAttention(weights, projections, width: width, heads: shape.heads)
        attentionScale = names.attentionScale.map { weights.floats($0, [width]) }
        feedForwardNorm = weights.layerNorm(names.feedForwardNorm, width, epsilon: shape.epsilon)
        up = weights.linear(names.up, width, shape.isGated ? 2 * shape.inner : shape.inner)
        down = weights.linear(names.down, shape.inner, width)
        feedForwardScale = names.feedForwardScale.map { weights.floats($0, [width]) }
    }

    /// x [rows, width] in place; `normed` [rows, width] and `wide` [rows, ``wideWidth(_:)``] are overwritten.
    /// - Parameters:
    ///   - seen: for each sequence the rows of it that all of its rows see; nil for all of them.
    ///   - isCausal: whether a row sees itself and those before it alone.
    func apply(
        _ x: UnsafeMutablePointer<Float>, _ rows: RowSpans, seen: [Range<Int>]? = nil, isCausal: Bool = false,
        normed: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let total = rows.total
        attentionNorm.apply(x, rows: total, into: normed, pool: pool)
        attention.apply(
            normed, rows, seen: seen, isCausal: isCausal, queryKeyValue: wide, mixed: normed,
            residual: attentionScale == nil ? x : nil, into: attentionScale == nil ? x : wide, pool: pool)
        if let attentionScale { add(wide, scaledBy: attentionScale, to: x, rows: total) }

        feedForwardNorm.apply(x, rows: total, into: normed, pool: pool)
        up.apply(normed, rows: total, activation: shape.isGated ? .none : shape.activation, into: wide, pool: pool)
        if shape.isGated { gate(wide, rows: total, pool) }
        down.apply(
            wide, rows: total, residual: feedForwardScale == nil ? x : nil,
            into: feedForwardScale == nil ? x : normed, pool: pool)
        if let feedForwardScale { add(normed, scaledBy: feedForwardScale, to: x, rows: total) }
    }

    /// x += scale · y
    private func add(
        _ y: UnsafePointer<Float>, scaledBy scale: [Float], to x: UnsafeMutablePointer<Float>, rows: Int
    ) {
        scale.withUnsafeBufferPointer { scale in
            for row in 0..<rows {
                let (sum, term) = (x + row * shape.width, y + row * shape.width)
                for channel in 0..<shape.width { sum[channel] += term[channel] * scale[channel] }
            }
        }
    }

    /// [rows, opens | passes] → [rows, inner], from the beginning of the same memory: a row is written behind where it is read.
    private func gate(_ wide: UnsafeMutablePointer<Float>, rows: Int, _ pool: ComputePool) {
        let inner = shape.inner
        for row in 0..<rows {
            let (opens, passes, gated) = (wide + row * 2 * inner, wide + (row * 2 + 1) * inner, wide + row * inner)
            swish(opens, count: inner, pool: pool)
            for channel in 0..<inner { gated[channel] = opens[channel] * passes[channel] }
        }
    }
}
