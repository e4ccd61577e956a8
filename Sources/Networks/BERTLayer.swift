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

    /// Reads the tensors `<name>.*`, with Hugging Face's names.
    init(
        _ checkpoint: Checkpoint, _ name: String, _ configuration: SensoriumConfiguration.TextTower
    ) throws(CheckpointError) {
        width = configuration.hiddenSize
        attentionShape = AttentionShape(
            heads: configuration.attentionHeads, headWidth: width / configuration.attentionHeads,
            queryStride: 3 * width, keyStride: 3 * width, valueStride: 3 * width)
        let epsilon = configuration.layerNormEpsilon
        queryKeyValue = try Linear(
            checkpoint, stacking: ["query", "key", "value"].map { "\(name).attention.self.\($0)" })
        attentionOutput = try Linear(checkpoint, "\(name).attention.output.dense")
        attentionNorm = try LayerNorm(checkpoint, "\(name).attention.output.LayerNorm", epsilon: epsilon)
        intermediate = try Linear(checkpoint, "\(name).intermediate.dense")
        output = try Linear(checkpoint, "\(name).output.dense")
        outputNorm = try LayerNorm(checkpoint, "\(name).output.LayerNorm", epsilon: epsilon)
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

    static func requirements(
        _ name: String, _ configuration: SensoriumConfiguration.TextTower
    ) -> [TensorRequirement] {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        var all: [TensorRequirement] = []
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            all += Linear.requirements("\(name).attention.\(part)", outputs: width, inputs: width)
        }
        all += LayerNorm.requirements("\(name).attention.output.LayerNorm", width: width)
        all += Linear.requirements("\(name).intermediate.dense", outputs: inner, inputs: width)
        all += Linear.requirements("\(name).output.dense", outputs: width, inputs: inner)
        return all + LayerNorm.requirements("\(name).output.LayerNorm", width: width)
    }
}
