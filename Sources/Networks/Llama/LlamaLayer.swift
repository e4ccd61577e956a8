import Checkpoint
import Tensor

/// A layer of ``LlamaDecoder`` (Touvron et al. 2023):
///
///     x += attention(norm(x));  x += down(silu(gate(norm(x))) · up(norm(x)))
struct LlamaLayer: Sendable {
    private let attentionNorm: RMSNorm
    private let attention: CachedSelfAttention
    private let feedForwardNorm: RMSNorm
    private let gateUp: Linear
    private let down: Linear
    private let inner: Int
    private let turnedHeads: Int

    /// Floats of a row of the widest activation.
    static func wideWidth(_ llama: LlamaConfiguration) -> Int {
        max((llama.attentionHeads + 2 * llama.keyHeads) * llama.headWidth, 2 * llama.intermediateSize)
    }

    /// Reads the tensors of a layer, with the names of `LlamaForCausalLM`.
    init(_ weights: Weights, _ llama: LlamaConfiguration) {
        let width = llama.hiddenSize
        inner = llama.intermediateSize
        turnedHeads = llama.attentionHeads + llama.keyHeads
        attentionNorm = RMSNorm(weights, "input_layernorm", width, epsilon: llama.epsilon)
        let maps = ["q_proj", "k_proj", "v_proj", "o_proj"]
        attention = CachedSelfAttention(
            weights["self_attn"],
            SelfAttention.Names(
                query: maps[0], key: maps[1], value: maps[2], output: maps[3],
                unbiased: llama.hasAttentionBias ? [] : Set(maps)),
            width: width, heads: llama.attentionHeads, keyHeads: llama.keyHeads, headWidth: llama.headWidth)
        feedForwardNorm = RMSNorm(weights, "post_attention_layernorm", width, epsilon: llama.epsilon)
        let hasBias = llama.hasFeedForwardBias
        gateUp = weights["mlp"].linear(
            stacking: ["gate_proj", "up_proj"], width, inner, unbiased: hasBias ? [] : ["gate_proj", "up_proj"],
            storage: .smallest)
        down = weights["mlp"].linear("down_proj", inner, width, bias: hasBias, storage: .smallest)
    }

    /// x [rows, width] in place, once the new tokens' keys and values have joined those of layer `index`.
    /// - Parameters:
    ///   - rotations: the cosines and sines of the rows' positions.
    ///   - normed: [rows, width], overwritten, and `mixed` [rows, heads · head], which may be the same where it is as wide.
    ///   - wide: [rows, ``wideWidth(_:)``], overwritten.
    func apply<Sequence>(
        _ inputs: [DecoderInput<Sequence>], _ index: Int, _ x: UnsafeMutablePointer<Float>, rows: Int,
        _ positions: RotaryPositions, rotations: UnsafePointer<Float>, normed: UnsafeMutablePointer<Float>,
        mixed: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        attentionNorm.apply(x, rows: rows, into: normed, pool: pool)
        attention.apply(
            inputs, layer: index, normed, projected: wide, mixed: mixed, residual: x, into: x, pool: pool
        ) { projected in
            positions.rotate(
                projected, stride: attention.projectedWidth, rows: rows, heads: turnedHeads, by: rotations, pool: pool)
        }
        feedForwardNorm.apply(x, rows: rows, into: normed, pool: pool)
        gateUp.apply(normed, rows: rows, into: wide, pool: pool)
        swishGate(wide, rows: rows, inner: inner, pool: pool)
        down.apply(wide, stride: 2 * inner, rows: rows, residual: x, into: x, pool: pool)
    }
}
