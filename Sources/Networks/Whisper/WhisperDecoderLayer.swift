import Checkpoint
import Tensor

/// A layer of ``WhisperDecoder``, in its three parts.
struct WhisperDecoderLayer: Sendable {
    /// Of all layer norms, in the encoder too.
    static let epsilon: Float = 1e-5

    private let width: Int
    private let heads: Int
    private let alignmentHeads: [Int]
    private let selfNorm: LayerNorm
    private let selfAttention: CachedSelfAttention
    private let crossNorm: LayerNorm
    private let crossQuery: Linear
    private let crossKeyValue: Linear
    private let crossOutput: Linear
    private let feedForwardNorm: LayerNorm
    private let up: Linear
    private let down: Linear
    private let activation: Activation
    private let crossShape: AttentionShape

    /// Reads the tensors, with Hugging Face's names.
    /// - Parameter alignmentHeads: the heads whose attention to the sound tells where words are.
    init(
        _ weights: Weights, _ decoder: WhisperConfiguration.Decoder, activation: Activation, alignmentHeads: [Int]
    ) {
        width = decoder.width
        heads = decoder.attentionHeads
        self.alignmentHeads = alignmentHeads
        self.activation = activation
        let headWidth = width / heads
        crossShape = weights.made(
            AttentionShape(heads: heads, headWidth: headWidth, keyStride: 2 * width, valueStride: 2 * width),
            orElse: .standIn)
        selfNorm = weights.layerNorm("self_attn_layer_norm", width, epsilon: Self.epsilon)
        selfAttention = CachedSelfAttention(weights["self_attn"], .whisper, width: width, heads: heads)
        crossNorm = weights.layerNorm("encoder_attn_layer_norm", width, epsilon: Self.epsilon)
        crossQuery = weights.linear("encoder_attn.q_proj", width, width)
        crossKeyValue = weights["encoder_attn"].linear(
            stacking: ["k_proj", "v_proj"], width, width, unbiased: ["k_proj"])
        crossOutput = weights.linear("encoder_attn.out_proj", width, width)
        feedForwardNorm = weights.layerNorm("final_layer_norm", width, epsilon: Self.epsilon)
        up = weights.linear("fc1", width, decoder.innerWidth)
        down = weights.linear("fc2", decoder.innerWidth, width)
    }

    /// The keys and values of a window's tokens [rows, d] → [rows, k|v].
    func encode(
        _ sound: UnsafePointer<Float>, rows: Int, into keysValues: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        crossKeyValue.apply(sound, rows: rows, into: keysValues, pool: pool)
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
        crossQuery.apply(normed, rows: rows, into: wide, pool: pool)
        var row = 0
        var next = weights
        let sequences = inputs.map { input in
            let count = input.tokens.count
            let memory = input.sequence.memory
            let keys = memory.keysValues(ofLayer: layer)
            let isAligned = input.sequence.aligns && !alignmentHeads.isEmpty
            defer {
                row += count
                if isAligned { next += heads * count * memory.tokens }
            }
            return AttentionSequence(
                query: wide + row * width, queryRows: count, keys: keys, values: keys + width, keyRows: memory.tokens,
                into: normed + row * width, weights: isAligned ? next : nil)
        }
        attention(sequences, crossShape, pool: pool)
        for (input, sequence) in zip(inputs, sequences) {
            guard let weights = sequence.weights else { continue }
            input.sequence.keep(weights, rows: sequence.queryRows, heads: alignmentHeads)
        }
        crossOutput.apply(normed, rows: rows, residual: x, into: x, pool: pool)
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
