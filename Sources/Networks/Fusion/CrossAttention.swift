import Checkpoint
import Tensor

/// All layers of one direction k → l, and the mean over the tokens of k:
///
///     x += attention(norm(x), memory) with α = softmax(Q_k · K_lᵀ / √d) · V_l;  x += feedForward(norm(x))     per layer
///     mean of norm(x)
struct CrossAttention: Sendable {
    private let width: Int
    private let inner: Int
    private let layers: [Layer]
    /// The keys and values of the memory for all layers at once: width → layers · (k|v).
    private let keysValues: Linear
    private let norm: LayerNorm
    private let attentionShape: AttentionShape

    private struct Layer: Sendable {
        let attentionNorm: LayerNorm
        let query: Linear
        let output: Linear
        let feedForward: FeedForward
    }

    /// Reads the direction's tensors: those of layers that attend to themselves, where only what they look at is another's.
    init(_ weights: Weights, _ shape: SensoriumConfiguration.HeadShape, layers count: Int) {
        let width = shape.width
        self.width = width
        inner = shape.feedForward
        let epsilon = shape.layerNormEpsilon
        layers = (0..<count).map { index in
            let layer = weights["layers.\(index)"]
            return Layer(
                attentionNorm: layer.layerNorm("attention_norm", width, epsilon: epsilon),
                query: layer.linear("attention.query", width, width),
                output: layer.linear("attention.output", width, width),
                feedForward: FeedForward(layer, width: width, inner: shape.feedForward, epsilon: epsilon))
        }
        let memoryNames = (0..<count).flatMap { index in
            ["key", "value"].map { "layers.\(index).attention.\($0)" }
        }
        keysValues = weights.linear(stacking: memoryNames, width, width)
        norm = weights.layerNorm("norm", width, epsilon: epsilon)
        attentionShape = weights.made(
            AttentionShape(
                heads: shape.attentionHeads, headWidth: width / shape.attentionHeads,
                keyStride: count * 2 * width, valueStride: count * 2 * width), orElse: .standIn)
    }

    /// Tokens x [rows, width] of several items and what each looks at, memory [rows, width] → the mean of each, and for
    /// items where `explains` is true how much each token of the memory was looked at by the last layer, mean over heads and
    /// tokens of x. x is overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, _ rows: RowSpans, memory: UnsafePointer<Float>, _ memoryRows: RowSpans,
        explains: [Bool], pool: ComputePool
    ) -> (means: [[Float]], weights: [[Float]?]) {
        let stride = layers.count * 2 * width
        let normed = FloatBuffer(count: rows.total * width)
        let wide = FloatBuffer(count: rows.total * max(width, inner))
        let keys = FloatBuffer(count: memoryRows.total * stride)
        var weights: [[Float]?] = []
        keysValues.apply(memory, rows: memoryRows.total, into: keys.pointer, pool: pool)
        for (index, layer) in layers.enumerated() {
            layer.attentionNorm.apply(x, rows: rows.total, into: normed.pointer, pool: pool)
            layer.query.apply(normed.pointer, rows: rows.total, into: wide.pointer, pool: pool)
            let sequences = zip(rows.spans, memoryRows.spans).map { span, seen in
                let key = keys.pointer + seen.lowerBound * stride + index * 2 * width
                return AttentionSequence(
                    query: wide.pointer + span.lowerBound * width, queryRows: span.count, keys: key,
                    values: key + width, keyRows: seen.count, into: normed.pointer + span.lowerBound * width)
            }
            attention(sequences, attentionShape, pool: pool)
            if index == layers.count - 1 {
                weights = zip(sequences, explains).map { sequence, explains in
                    explains ? attentionWeights(of: sequence, attentionShape, pool: pool) : nil
                }
            }
            layer.output.apply(normed.pointer, rows: rows.total, residual: x, into: x, pool: pool)
            layer.feedForward.apply(x, rows: rows.total, normed: normed.pointer, inner: wide.pointer, pool: pool)
        }
        norm.apply(x, rows: rows.total, into: x, pool: pool)
        let means = rows.spans.map { meanOfRows(x + $0.lowerBound * width, rows: $0.count, width: width) }
        return (means, weights)
    }
}

/// How much each key is looked at, mean over heads and queries [keyRows]: computed again beside the answer, in blocks of
/// queries, so that the answer is the same with and without it and the weights of long sequences need no more memory.
func attentionWeights(of sequence: AttentionSequence, _ shape: AttentionShape, pool: ComputePool) -> [Float] {
    let block = 64
    let keys = sequence.keyRows
    let weights = FloatBuffer(count: shape.heads * block * keys)
    let unused = FloatBuffer(count: block * shape.outputStride)
    var sum = [Float](repeating: 0, count: keys)
    for first in stride(from: 0, to: sequence.queryRows, by: block) {
        let rows = min(block, sequence.queryRows - first)
        attention(
            query: sequence.query + first * shape.queryStride, queryRows: rows, keys: sequence.keys,
            values: sequence.values, keyRows: keys, shape: shape, into: unused.pointer, weights: weights.pointer,
            pool: pool)
        for row in 0..<shape.heads * rows {
            for key in 0..<keys { sum[key] += weights.pointer[row * keys + key] }
        }
    }
    let scale = 1 / Float(shape.heads * sequence.queryRows)
    return sum.map { $0 * scale }
}
