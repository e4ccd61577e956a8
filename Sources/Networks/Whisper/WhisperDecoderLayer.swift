import Checkpoint
import Tensor

/// A layer of ``WhisperDecoder``, in its three parts.
struct WhisperDecoderLayer: Sendable {
    /// Of all layer norms, in the encoder too.
    static let epsilon: Float = 1e-5

    /// What attends to a window of sound.
    let crossAttention: MemoryAttention
    private let heads: Int
    private let alignmentHeads: [Int]
    private let selfNorm: LayerNorm
    private let selfAttention: CachedSelfAttention
    private let crossNorm: LayerNorm
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let activation: Activation

    /// Reads the tensors, with Hugging Face's names.
    /// - Parameter alignmentHeads: the heads whose attention to the sound tells where words are.
    init(
        _ weights: Weights, _ decoder: WhisperConfiguration.Decoder, activation: Activation, alignmentHeads: [Int]
    ) {
        let width = decoder.width
        heads = decoder.attentionHeads
        self.alignmentHeads = alignmentHeads
        self.activation = activation
        selfNorm = weights.layerNorm("self_attn_layer_norm", width, epsilon: Self.epsilon)
        selfAttention = CachedSelfAttention(weights["self_attn"], .whisper, width: width, heads: heads)
        crossNorm = weights.layerNorm("encoder_attn_layer_norm", width, epsilon: Self.epsilon)
        crossAttention = MemoryAttention(weights["encoder_attn"], .whisper, width: width, heads: heads)
        feedForwardNorm = weights.layerNorm("final_layer_norm", width, epsilon: Self.epsilon)
        up = weights.linear("fc1", width, decoder.innerWidth, storage: .smallest)
        down = weights.linear("fc2", decoder.innerWidth, width, storage: .smallest)
    }

    /// x += selfAttention(norm(x)): each sequence's new tokens over all its tokens up to each.
    func attendToPast(
        _ inputs: [DecoderInput<WhisperSequence>], _ layer: Int, _ x: UnsafeMutablePointer<Float>, rows: Int,
        normed: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        selfNorm.apply(x, rows: rows, into: normed, pool: pool)
        selfAttention.apply(
            inputs, layer: layer, normed, projected: wide, mixed: normed, residual: x, into: x, pool: pool)
    }

    /// x += crossAttention(norm(x), sound). `weights` has room for those of the sequences that are aligned.
    func attendToSound(
        _ inputs: [DecoderInput<WhisperSequence>], _ layer: Int, _ x: UnsafeMutablePointer<Float>, rows: Int,
        normed: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>,
        pool: ComputePool
    ) {
        crossNorm.apply(x, rows: rows, into: normed, pool: pool)
        var next = weights
        let asked = inputs.map { input in
            let (count, memory) = (input.tokens.count, input.sequence.memory.attended)
            let isAligned = input.sequence.aligns && !alignmentHeads.isEmpty
            defer { if isAligned { next += heads * count * memory.tokens } }
            return MemoryAttention.Text(rows: count, memory: memory, weights: isAligned ? next : nil)
        }
        crossAttention.apply(
            asked, layer: layer, normed, queries: wide, mixed: normed, residual: x, into: x, pool: pool)
        for (input, text) in zip(inputs, asked) {
            guard let weights = text.weights else { continue }
            input.sequence.keep(weights, rows: text.rows, heads: alignmentHeads)
        }
    }

    /// x += down(gelu(up(norm(x))))
    func feedForward(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>,
        wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        feedForwardNorm.apply(x, rows: rows, into: normed, pool: pool)
        up.apply(normed, rows: rows, activation: activation, into: wide, pool: pool)
        down.apply(wide, rows: rows, residual: x, into: x, pool: pool)
    }
}
