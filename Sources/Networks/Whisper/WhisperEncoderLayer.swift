import Checkpoint
import Tensor

/// A layer of Whisper's encoder, pre-LN, in its two halves:
///
///     x += attention(norm(x));  x += down(gelu(up(norm(x))))
struct WhisperEncoderLayer: Sendable {
    private let width: Int
    private let attentionNorm: LayerNorm
    private let queryKeyValue: Linear
    private let attentionOutput: Linear
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let activation: Activation
    private let attentionShape: AttentionShape

    /// Reads the tensors, with Hugging Face's names.
    init(_ weights: Weights, _ configuration: SensoriumConfiguration.AudioTower, activation: Activation) {
        width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let epsilon = configuration.layerNormEpsilon
        self.activation = activation
        attentionShape = weights.made(
            AttentionShape(
                heads: configuration.attentionHeads, headWidth: width / configuration.attentionHeads,
                queryStride: 3 * width, keyStride: 3 * width, valueStride: 3 * width), orElse: .standIn)
        attentionNorm = weights.layerNorm("self_attn_layer_norm", width, epsilon: epsilon)
        queryKeyValue = weights["self_attn"].linear(
            stacking: ["q_proj", "k_proj", "v_proj"], width, width, unbiased: ["k_proj"])
        attentionOutput = weights.linear("self_attn.out_proj", width, width)
        feedForwardNorm = weights.layerNorm("final_layer_norm", width, epsilon: epsilon)
        up = weights.linear("fc1", width, inner)
        down = weights.linear("fc2", inner, width)
    }

    /// The first half: x [rows, d] in place, softmax(q · kᵀ / √head) · v of each window by itself. `normed` [rows, d] and `wide`
    /// [rows, q|k|v] are overwritten.
    func attend(
        _ x: UnsafeMutablePointer<Float>, _ windows: RowSpans, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        attentionNorm.apply(x, rows: windows.total, into: normed, pool: pool)
        queryKeyValue.apply(normed, rows: windows.total, into: wide, pool: pool)
        let sequences = windows.spans.map { span in
            let start = wide + span.lowerBound * 3 * width
            return AttentionSequence(
                query: start, queryRows: span.count, keys: start + width, values: start + 2 * width,
                keyRows: span.count, into: normed + span.lowerBound * width)
        }
        attention(sequences, attentionShape, pool: pool)
        attentionOutput.apply(normed, rows: windows.total, residual: x, into: x, pool: pool)
    }

    /// The second half: x [rows, d] in place. `normed` [rows, d] and `wide` [rows, inner] are overwritten.
    func feedForward(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        feedForwardNorm.apply(x, rows: rows, into: normed, pool: pool)
        up.apply(normed, rows: rows, activation: activation, into: wide, pool: pool)
        down.apply(wide, rows: rows, residual: x, into: x, pool: pool)
    }
}
