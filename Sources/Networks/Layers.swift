import Checkpoint
import Tensor

/// y = x · Wᵀ + b. Several matrices with the same input are stacked over their outputs and multiplied at once.
struct Linear: Sendable {
    private let weight: PackedMatrix
    private let bias: [Float]

    init(weight: PackedMatrix, bias: [Float]) {
        self.weight = weight
        self.bias = bias
    }

    /// x [rows, inputs] → y [rows, outputs] = activation(x · Wᵀ + b) + residual.
    /// - Parameter stride: floats from one row of x to the next; nil for rows of nothing else.
    func apply(
        _ x: UnsafePointer<Float>, stride: Int? = nil, rows: Int, activation: Activation = .none,
        residual: UnsafePointer<Float>? = nil, into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        MatrixProduct.apply(
            x, inputStride: stride, rows: rows, weight, bias: bias, activation: activation, residual: residual, into: y,
            pool: pool)
    }
}

/// Layer normalisation (Ba et al. 2016) over the last axis.
struct LayerNorm: Sendable {
    private let weight: [Float]
    private let bias: [Float]
    private let epsilon: Float

    init(weight: [Float], bias: [Float], epsilon: Float) {
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }

    /// x [rows, width] → y [rows, width]; y may be x.
    func apply(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, pool: ComputePool) {
        layerNorm(
            x, rows: rows, width: weight.count, weight: weight, bias: bias, epsilon: epsilon, into: y, pool: pool)
    }
}

/// Normalisation by the root mean square (Zhang & Sennrich 2019) over the last axis.
struct RMSNorm: Sendable {
    private let weight: [Float]
    private let epsilon: Float

    /// Reads `<name>.weight` [width].
    init(_ weights: Weights, _ name: String, _ width: Int, epsilon: Float) {
        weight = weights.floats("\(name).weight", [width])
        self.epsilon = epsilon
    }

    /// x [rows, width] → y [rows, width]; y may be x.
    func apply(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, pool: ComputePool) {
        rmsNorm(x, rows: rows, width: weight.count, weight: weight, epsilon: epsilon, into: y, pool: pool)
    }
}

/// x += down(gelu(up(norm(x)))): the second half of a pre-LN transformer layer.
struct FeedForward: Sendable {
    private let norm: LayerNorm
    private let up: Linear
    private let down: Linear

    /// Reads `feed_forward_norm` and `feed_forward.{up,down}` of a layer.
    init(_ weights: Weights, width: Int, inner: Int, epsilon: Float) {
        norm = weights.layerNorm("feed_forward_norm", width, epsilon: epsilon)
        up = weights.linear("feed_forward.up", width, inner)
        down = weights.linear("feed_forward.down", inner, width)
    }

    /// x [rows, width] in place; `normed` [rows, width] and `inner` [rows, inner width] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>,
        inner: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        norm.apply(x, rows: rows, into: normed, pool: pool)
        up.apply(normed, rows: rows, activation: .gelu, into: inner, pool: pool)
        down.apply(inner, rows: rows, residual: x, into: x, pool: pool)
    }
}
