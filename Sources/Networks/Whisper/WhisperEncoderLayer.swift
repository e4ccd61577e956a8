import Checkpoint
import Tensor

/// A layer of Whisper's encoder, pre-LN, in its two halves:
///
///     x += attention(norm(x));  x += down(gelu(up(norm(x))))
struct WhisperEncoderLayer: Sendable {
    private let attentionNorm: LayerNorm
    private let attention: SelfAttention
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let activation: Activation

    /// Reads the tensors, with Hugging Face's names.
    init(_ weights: Weights, _ configuration: SensoriumConfiguration.AudioTower, activation: Activation) {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let epsilon = configuration.layerNormEpsilon
        self.activation = activation
        attentionNorm = weights.layerNorm("self_attn_layer_norm", width, epsilon: epsilon)
        attention = SelfAttention(
            weights["self_attn"], .whisper, width: width, heads: configuration.attentionHeads)
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
        attention.apply(normed, windows, queryKeyValue: wide, mixed: normed, residual: x, into: x, pool: pool)
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

extension SelfAttention.Names {
    /// Those of Whisper's encoder and decoder.
    static let whisper = SelfAttention.Names(
        query: "q_proj", key: "k_proj", value: "v_proj", output: "out_proj", unbiased: ["k_proj"])
}
