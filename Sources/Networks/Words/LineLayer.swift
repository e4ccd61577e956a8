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

    /// Reads `<name>.attention_norm`, `<name>.attention.…`, `<name>.feed_forward_norm` and `<name>.feed_forward.…`.
    init(_ checkpoint: Checkpoint, _ name: String, width: Int) throws(CheckpointError) {
        self.width = width
        attentionNorm = try LayerNorm(checkpoint, "\(name).attention_norm", epsilon: Self.epsilon)
        var (weight, bias): ([Float], [Float]) = ([], [])
        for part in ["query", "key", "value"] {
            let stored = try checkpoint.tensor("\(name).attention.\(part).weight").floats()
            let shift = try checkpoint.tensor("\(name).attention.\(part).bias").floats()
            for place in 0..<Self.filled {
                let channel = Self.channel(at: place, of: width)
                weight +=
                    channel.map { stored[$0 * width..<($0 + 1) * width] } ?? ArraySlice(repeating: 0, count: width)
                bias.append(channel.map { shift[$0] } ?? 0)
            }
        }
        queryKeyValue = Pointwise(weight: weight, bias: bias, outputs: 3 * Self.filled, inputs: width)
        let output = try checkpoint.tensor("\(name).attention.output.weight").floats()
        var columns: [Float] = []
        for row in 0..<width {
            for place in 0..<Self.filled {
                columns.append(Self.channel(at: place, of: width).map { output[row * width + $0] } ?? 0)
            }
        }
        attentionOutput = Pointwise(
            weight: columns, bias: try checkpoint.tensor("\(name).attention.output.bias").floats(), outputs: width,
            inputs: Self.filled)
        feedForwardNorm = try LayerNorm(checkpoint, "\(name).feed_forward_norm", epsilon: Self.epsilon)
        up = try Linear(checkpoint, "\(name).feed_forward.up")
        down = try Linear(checkpoint, "\(name).feed_forward.down")
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

    static func requirements(_ name: String, width: Int) -> [TensorRequirement] {
        var all = LayerNorm.requirements("\(name).attention_norm", width: width)
        for part in ["query", "key", "value", "output"] {
            all += Linear.requirements("\(name).attention.\(part)", outputs: width, inputs: width)
        }
        return all + FeedForward.requirements(layer: name, width: width, inner: 2 * width)
    }
}
