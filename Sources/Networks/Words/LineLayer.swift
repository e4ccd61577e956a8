import Checkpoint
import Tensor

/// A pre-LN transformer layer with swish, of SVTR's "global mixing": x += attention(norm(x)); x += down(swish(up(norm(x)))).
///
/// Its heads are 15 channels wide. The kernels compute heads of 32: the others are zero, which adds nothing to any sum.
struct LineLayer: Sendable {
    private let attentionNorm: LayerNorm
    private let queryKeyValue: Pointwise
    private let attentionOutput: Pointwise
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let width: Int

    private static let heads = 8
    private static let headWidth = 32
    private static let filled = heads * headWidth
    private static let epsilon: Float = 1e-5

    /// Floats of a row of `wide`: queries, keys and values, and what attention gives.
    static let widest = 4 * filled

    /// Reads `attention_norm`, `attention.…`, `feed_forward_norm` and `feed_forward.…`.
    init(_ weights: Weights, width: Int) {
        self.width = width
        attentionNorm = weights.layerNorm("attention_norm", width, epsilon: Self.epsilon)
        let stored = ["query", "key", "value"].map { weights.convolution("attention.\($0)", [width, width]) }
        queryKeyValue = weights.made(Self.queryKeyValue(stored, width), orElse: .standIn)
        let output = weights.convolution("attention.output", [width, width])
        attentionOutput = weights.made(Self.output(output, width), orElse: .standIn)
        feedForwardNorm = weights.layerNorm("feed_forward_norm", width, epsilon: Self.epsilon)
        up = weights.linear("feed_forward.up", width, 2 * width)
        down = weights.linear("feed_forward.down", 2 * width, width)
    }

    /// Queries, keys and values, each with zeros between the heads.
    private static func queryKeyValue(_ stored: [(weight: [Float], bias: [Float])], _ width: Int) -> Pointwise {
        var (weight, bias): ([Float], [Float]) = ([], [])
        for part in stored {
            for place in 0..<filled {
                let channel = channel(at: place, of: width)
                weight +=
                    channel.map { part.weight[$0 * width..<($0 + 1) * width] } ?? ArraySlice(repeating: 0, count: width)
                bias.append(channel.map { part.bias[$0] } ?? 0)
            }
        }
        return Pointwise(weight: weight, bias: bias, outputs: 3 * filled, inputs: width)
    }

    /// From heads with zeros between them.
    private static func output(_ stored: (weight: [Float], bias: [Float]), _ width: Int) -> Pointwise {
        var columns: [Float] = []
        for row in 0..<width {
            for place in 0..<filled {
                columns.append(channel(at: place, of: width).map { stored.weight[row * width + $0] } ?? 0)
            }
        }
        return Pointwise(weight: columns, bias: stored.bias, outputs: width, inputs: filled)
    }

    /// The stored channel that stands at a place of the filled heads; nil for a zero.
    private static func channel(at place: Int, of width: Int) -> Int? {
        let stored = width / heads
        let inHead = place % headWidth
        return inHead < stored ? place / headWidth * stored + inHead : nil
    }

    /// x [rows, width] in place; `normed` [rows, width] and `wide` [rows, widest] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        attentionNorm.apply(x, rows: rows, into: normed, pool: pool)
        queryKeyValue(normed, rows: rows, into: wide, pool: pool)
        let seen = wide + rows * 3 * Self.filled
        let step = 3 * Self.filled
        let shape = AttentionShape(
            heads: Self.heads, headWidth: Self.headWidth, queryStride: step, keyStride: step, valueStride: step,
            scale: 1 / Float(width / Self.heads).squareRoot())
        attention(
            query: wide, queryRows: rows, keys: wide + Self.filled, values: wide + 2 * Self.filled, keyRows: rows,
            shape: shape, into: seen, pool: pool)
        attentionOutput(seen, rows: rows, into: normed, pool: pool)
        for index in 0..<rows * width { x[index] += normed[index] }
        feedForwardNorm.apply(x, rows: rows, into: normed, pool: pool)
        up.apply(normed, rows: rows, into: wide, pool: pool)
        swish(wide, count: rows * 2 * width, pool: pool)
        down.apply(wide, rows: rows, residual: x, into: x, pool: pool)
    }
}
