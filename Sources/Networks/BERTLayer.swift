import Checkpoint
import Tensor

/// A layer of BERT, post-LN:
///
///     x = norm(x + attention(x));  x = norm(x + output(gelu(intermediate(x))))
struct BERTLayer: Sendable {
    private let attention: SelfAttention
    private let attentionNorm: LayerNorm
    private let intermediate: Linear
    private let output: Linear
    private let outputNorm: LayerNorm
    private let activation: Activation

    /// What a family calls the tensors of its layers.
    struct Names {
        /// What stands before the number of a layer.
        var layers = "encoder.layer"
        var attention = SelfAttention.Names(
            query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
            output: "attention.output.dense")
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
                attention = SelfAttention.Names(
                    query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
                    output: "attention.out_lin")
                attentionNorm = "sa_layer_norm"
                intermediate = "ffn.lin1"
                output = "ffn.lin2"
                outputNorm = "output_layer_norm"
            case .mpnet:
                attention = SelfAttention.Names(
                    query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v",
                    output: "attention.attn.o")
                attentionNorm = "attention.LayerNorm"
            }
        }
    }

    /// Reads the tensors.
    init(_ weights: Weights, _ names: Names, _ configuration: TextEncoder) {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let epsilon = configuration.layerNormEpsilon
        activation = Activation(configuration.activation)
        attention = SelfAttention(weights, names.attention, width: width, heads: configuration.attentionHeads)
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
        func attend(_ bias: AttentionBias?) {
            attention.apply(
                x, texts, bias: { _ in bias }, queryKeyValue: wide, mixed: mixed, residual: x, into: x, pool: pool)
        }
        if let distances { distances.use(attend) } else { attend(nil) }
        attentionNorm.apply(x, rows: rows, into: x, pool: pool)
        intermediate.apply(x, rows: rows, activation: activation, into: hidden, pool: pool)
        output.apply(hidden, rows: rows, residual: x, into: x, pool: pool)
        outputNorm.apply(x, rows: rows, into: x, pool: pool)
    }
}
