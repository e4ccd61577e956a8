import Checkpoint
import Tensor

/// A layer of BERT, post-LN:
///
///     x = norm(x + attention(x));  x = norm(x + output(gelu(intermediate(x))))
struct BERTLayer: Sendable {
    private let width: Int
    private let queryKeyValue: Linear
    private let attentionOutput: Linear
    private let attentionNorm: LayerNorm
    private let intermediate: Linear
    private let output: Linear
    private let outputNorm: LayerNorm
    private let attentionShape: AttentionShape

    /// Reads the tensors, with Hugging Face's names.
    init(_ weights: Weights, _ configuration: SensoriumConfiguration.TextTower) {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let epsilon = configuration.layerNormEpsilon
        self.width = width
        attentionShape = weights.made(
            AttentionShape(
                heads: configuration.attentionHeads, headWidth: width / configuration.attentionHeads,
                queryStride: 3 * width, keyStride: 3 * width, valueStride: 3 * width), orElse: .standIn)
        queryKeyValue = weights["attention.self"].linear(stacking: ["query", "key", "value"], width, width)
        attentionOutput = weights.linear("attention.output.dense", width, width)
        attentionNorm = weights.layerNorm("attention.output.LayerNorm", width, epsilon: epsilon)
        intermediate = weights.linear("intermediate.dense", width, inner)
        output = weights.linear("output.dense", inner, width)
        outputNorm = weights.layerNorm("output.LayerNorm", width, epsilon: epsilon)
    }

    /// x [rows, d] in place; `mixed` [rows, d], `queryKeyValue` [rows, q|k|v] and `hidden` [rows, inner] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, _ texts: RowSpans, mixed: UnsafeMutablePointer<Float>,
        queryKeyValue wide: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let rows = texts.total
        queryKeyValue.apply(x, rows: rows, into: wide, pool: pool)
        // softmax(q · kᵀ / √head) · v of each text by itself
        let sequences = texts.spans.map { span in
            let start = wide + span.lowerBound * 3 * width
            return AttentionSequence(
                query: start, queryRows: span.count, keys: start + width, values: start + 2 * width,
                keyRows: span.count, into: mixed + span.lowerBound * width)
        }
        attention(sequences, attentionShape, pool: pool)
        attentionOutput.apply(mixed, rows: rows, residual: x, into: x, pool: pool)
        attentionNorm.apply(x, rows: rows, into: x, pool: pool)
        intermediate.apply(x, rows: rows, activation: .gelu, into: hidden, pool: pool)
        output.apply(hidden, rows: rows, residual: x, into: x, pool: pool)
        outputNorm.apply(x, rows: rows, into: x, pool: pool)
    }
}
