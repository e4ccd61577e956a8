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
    private let activation: Activation
    private let attentionShape: AttentionShape

    /// What a family calls the tensors of its layers.
    struct Names {
        /// What stands before the number of a layer.
        var layers = "encoder.layer"
        var queryKeyValue = ["attention.self.query", "attention.self.key", "attention.self.value"]
        var attentionOutput = "attention.output.dense"
        var attentionNorm = "attention.output.LayerNorm"
        var intermediate = "intermediate.dense"
        var output = "output.dense"
        var outputNorm = "output.LayerNorm"

        /// Hugging Face's names.
        init(_ family: TextEncoder.Family) {
            switch family {
            case .bert, .electra, .roberta, .xlmRoberta: break
            case .distilbert:
                layers = "transformer.layer"
                queryKeyValue = ["attention.q_lin", "attention.k_lin", "attention.v_lin"]
                attentionOutput = "attention.out_lin"
                attentionNorm = "sa_layer_norm"
                intermediate = "ffn.lin1"
                output = "ffn.lin2"
                outputNorm = "output_layer_norm"
            case .mpnet:
                queryKeyValue = ["attention.attn.q", "attention.attn.k", "attention.attn.v"]
                attentionOutput = "attention.attn.o"
                attentionNorm = "attention.LayerNorm"
            }
        }
    }

    /// Reads the tensors.
    init(_ weights: Weights, _ names: Names, _ configuration: TextEncoder) {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let epsilon = configuration.layerNormEpsilon
        self.width = width
        attentionShape = weights.made(
            AttentionShape(
                heads: configuration.attentionHeads, headWidth: width / configuration.attentionHeads,
                queryStride: 3 * width, keyStride: 3 * width, valueStride: 3 * width), orElse: .standIn)
        activation = Activation(configuration.activation)
        queryKeyValue = weights.linear(stacking: names.queryKeyValue, width, width)
        attentionOutput = weights.linear(names.attentionOutput, width, width)
        attentionNorm = weights.layerNorm(names.attentionNorm, width, epsilon: epsilon)
        intermediate = weights.linear(names.intermediate, width, inner)
        output = weights.linear(names.output, inner, width)
        outputNorm = weights.layerNorm(names.outputNorm, width, epsilon: epsilon)
    }

    /// x [rows, d] in place; `mixed` [rows, d], `queryKeyValue` [rows, q|k|v] and `hidden` [rows, inner] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, _ texts: RowSpans, mixed: UnsafeMutablePointer<Float>,
        queryKeyValue wide: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>,
        distances: DistanceBias? = nil, pool: ComputePool
    ) {
        let rows = texts.total
        queryKeyValue.apply(x, rows: rows, into: wide, pool: pool)
        // softmax(q · kᵀ / √head + bias of the distance) · v of each text by itself
        func attend(_ bias: AttentionBias?) {
            let sequences = texts.spans.map { span in
                let start = wide + span.lowerBound * 3 * width
                return AttentionSequence(
                    query: start, queryRows: span.count, keys: start + width, values: start + 2 * width,
                    keyRows: span.count, into: mixed + span.lowerBound * width, bias: bias)
            }
            attention(sequences, attentionShape, pool: pool)
        }
        if let distances { distances.use(attend) } else { attend(nil) }
        attentionOutput.apply(mixed, rows: rows, residual: x, into: x, pool: pool)
        attentionNorm.apply(x, rows: rows, into: x, pool: pool)
        intermediate.apply(x, rows: rows, activation: activation, into: hidden, pool: pool)
        output.apply(hidden, rows: rows, residual: x, into: x, pool: pool)
        outputNorm.apply(x, rows: rows, into: x, pool: pool)
    }
}
