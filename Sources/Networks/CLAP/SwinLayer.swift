import Checkpoint
import Tensor

/// A layer of a Swin transformer (Liu et al. 2021), pre-LN: attention within the windows of a grid, which in every other layer are shifted by
/// half of one, so that neighbours meet.
///
///     x += attention(norm(x)) within windows;  x += down(activation(up(norm(x))))
struct SwinLayer: Sendable {
    private let width: Int, side: Int, window: Int, inner: Int
    private let attention: SelfAttention
    private let attentionNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let feedForwardNorm: LayerNorm
    private let activation: Activation
    /// The rows of each window.
    private let windows: RowSpans
    /// For each row in the order of windows its place in the grid.
    private let places: [Int]
    /// The bias of attention [heads, queries, keys] of a window within, at the lower edge, at the right one, and in the corner: where
    /// windows are shifted, the last ones hold what lies at opposite edges, which must not see each other.
    private let biases: [[Float]]

    /// Reads the tensors of a layer.
    /// - Parameter isShifted: whether windows begin half a window further.
    init(_ weights: Weights, _ stage: HTSATShape.Stage, _ shape: HTSATShape, isShifted: Bool) {
        let (width, side, window, heads) = (stage.width, stage.side, shape.window, stage.heads)
        self.width = width
        self.side = side
        self.window = window
        inner = Int(shape.innerRatio * Double(width))
        activation = Activation(shape.activation)
        let epsilon = shape.layerNormEpsilon
        attentionNorm = weights.layerNorm("layernorm_before", width, epsilon: epsilon)
        let names = ["query", "key", "value"].map { "self.\($0)" }
        attention = SelfAttention(
            weights["attention"],
            SelfAttention.Names(
                query: names[0], key: names[1], value: names[2], output: "output.dense",
                unbiased: shape.hasAttentionBias ? [] : Set(names)), width: width, heads: heads)
        feedForwardNorm = weights.layerNorm("layernorm_after", width, epsilon: epsilon)
        up = weights.linear("intermediate.dense", width, inner)
        down = weights.linear("output.dense", inner, width)
        windows = RowSpans(Array(repeating: window * window, count: side / window * (side / window)))
        // A grid of one window has nothing to shift.
        let shift = isShifted && side > window ? window / 2 : 0
        places = Self.places(side: side, window: window, shift: shift)
        let distances = (2 * window - 1) * (2 * window - 1)
        let table = weights.floats("attention.self.relative_position_bias_table", [distances, heads])
        biases = weights.made(
            (0..<(shift > 0 ? 4 : 1)).map { kind in
                Self.bias(table, heads: heads, window: window, shift: shift, isLow: kind & 1 > 0, isRight: kind & 2 > 0)
            }, orElse: [])
    }

    private static func places(side: Int, window: Int, shift: Int) -> [Int] {
        var places: [Int] = []
        for row in stride(from: 0, to: side, by: window) {
            for column in stride(from: 0, to: side, by: window) {
                for place in 0..<window * window {
                    let (y, x) = (row + place / window + shift, column + place % window + shift)
                    places.append(y % side * side + x % side)
                }
            }
        }
        return places
    }

    /// What the reference adds for those that must not see each other.
    private static let apart: Float = -100

    private static func bias(
        _ table: [Float], heads: Int, window: Int, shift: Int, isLow: Bool, isRight: Bool
    ) -> [Float] {
        let tokens = window * window
        func region(_ token: Int) -> Int {
            let (row, column) = (token / window, token % window)
            return (isLow && row >= window - shift ? 2 : 0) + (isRight && column >= window - shift ? 1 : 0)
        }
        var bias = [Float](repeating: 0, count: heads * tokens * tokens)
        for query in 0..<tokens {
            for key in 0..<tokens {
                let rows = query / window - key / window + window - 1
                let columns = query % window - key % window + window - 1
                let row = (rows * (2 * window - 1) + columns) * heads
                let hidden = region(query) == region(key) ? 0 : apart
                for head in 0..<heads { bias[(head * tokens + query) * tokens + key] = table[row + head] + hidden }
            }
        }
        return bias
    }

    /// Floats of a row of the widest activation.
    static func wideWidth(_ stage: HTSATShape.Stage, _ shape: HTSATShape) -> Int {
        max(3 * stage.width, Int(shape.innerRatio * Double(stage.width)))
    }

    /// x [side · side, width] in place; `normed` and `turned`, as large, and `wide` [side · side, ``wideWidth(_:_:)``] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, normed: UnsafeMutablePointer<Float>, turned: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let rows = side * side
        attentionNorm.apply(x, rows: rows, into: normed, pool: pool)
        for (row, place) in places.enumerated() {
            (turned + row * width).update(from: normed + place * width, count: width)
        }
        attend(turned, wide: wide, into: normed, pool)
        for (row, place) in places.enumerated() {
            let (sum, term) = (x + place * width, normed + row * width)
            for channel in 0..<width { sum[channel] += term[channel] }
        }
        feedForwardNorm.apply(x, rows: rows, into: normed, pool: pool)
        up.apply(normed, rows: rows, activation: activation, into: wide, pool: pool)
        down.apply(wide, rows: rows, residual: x, into: x, pool: pool)
    }

    /// output(softmax(q · kᵀ / √head + bias) · v) of each window by itself; x is overwritten.
    private func attend(
        _ x: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>,
        _ pool: ComputePool
    ) {
        let (tokens, across) = (window * window, side / window)
        // Each is read until the call returns.
        let values = biases.map { FloatBuffer($0) }
        withExtendedLifetime(values) {
            attention.apply(
                x, windows,
                bias: { index in
                    let isLast = (low: index / across == across - 1, right: index % across == across - 1)
                    let kind = values.count == 1 ? 0 : (isLast.low ? 1 : 0) + (isLast.right ? 2 : 0)
                    return AttentionBias(values[kind].pointer, headStride: tokens * tokens, queryStride: tokens)
                }, queryKeyValue: wide, mixed: x, into: y, pool: pool)
        }
    }
}

/// Four neighbours of a grid become one of twice the width.
struct SwinMerging: Sendable {
    private let width: Int, side: Int
    private let norm: LayerNorm
    private let reduction: Linear

    /// Reads `norm` and `reduction`.
    init(_ weights: Weights, _ stage: HTSATShape.Stage) {
        width = stage.width
        side = stage.side
        norm = weights.layerNorm("norm", 4 * width, epsilon: 1e-5)
        reduction = weights.linear("reduction", 4 * width, 2 * width, bias: false)
    }

    /// x [side · side, width] → its beginning [side/2 · side/2, 2 · width]. `wide`, as large as x, is overwritten.
    func apply(_ x: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, pool: ComputePool) {
        let half = side / 2
        for place in 0..<half * half {
            let (row, column) = (place / half * 2, place % half * 2)
            for part in 0..<4 {
                let from = (row + part % 2) * side + column + part / 2
                (wide + (place * 4 + part) * width).update(from: x + from * width, count: width)
            }
        }
        norm.apply(wide, rows: half * half, into: wide, pool: pool)
        reduction.apply(wide, rows: half * half, into: x, pool: pool)
    }
}
