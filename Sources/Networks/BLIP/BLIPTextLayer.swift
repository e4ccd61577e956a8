import Checkpoint
import Tensor

/// A layer of BLIP's text networks (Li et al. 2022), post-LN, in its three parts:
///
///     x = norm(x + selfAttention(x));  x = norm(x + crossAttention(x, memory));  x = norm(x + output(gelu(intermediate(x))))
///
/// The decoder's self-attention is causal and cached, the encoder's is not.
struct BLIPTextLayer<Attention: Sendable>: Sendable {
    let attention: Attention
    let attentionNorm: LayerNorm
    let crossAttention: MemoryAttention
    private let crossNorm: LayerNorm
    private let intermediate: Linear
    private let output: Linear
    private let outputNorm: LayerNorm
    private let activation: Activation

    /// Reads the tensors.
    /// - Parameters:
    ///   - memoryWidth: channels of what is attended to.
    ///   - attention: made of the tensors that the names say.
    init(
        _ weights: Weights, _ configuration: BLIPTextConfiguration, memoryWidth: Int,
        _ attention: (Weights, SelfAttention.Names) -> Attention
    ) {
        let (width, inner) = (configuration.hiddenSize, configuration.intermediateSize)
        let epsilon = configuration.layerNormEpsilon
        activation = Activation(configuration.activation)
        let names = SelfAttention.Names(
            query: "self.query", key: "self.key", value: "self.value", output: "output.dense")
        self.attention = attention(weights["attention"], names)
        attentionNorm = weights.layerNorm("attention.output.LayerNorm", width, epsilon: epsilon)
        crossAttention = MemoryAttention(
            weights["crossattention"], names, width: width, memoryWidth: memoryWidth,
            heads: configuration.attentionHeads)
        crossNorm = weights.layerNorm("crossattention.output.LayerNorm", width, epsilon: epsilon)
        intermediate = weights.linear("intermediate.dense", width, inner, storage: .smallest)
        output = weights.linear("output.dense", inner, width, storage: .smallest)
        outputNorm = weights.layerNorm("output.LayerNorm", width, epsilon: epsilon)
    }

    /// x = norm(x + crossAttention(x, memory)); `mixed` [rows, d] and `wide` [rows, d] are overwritten.
    func attend(
        _ texts: [MemoryAttention.Text], layer: Int, _ x: UnsafeMutablePointer<Float>, rows: Int,
        mixed: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        crossAttention.apply(texts, layer: layer, x, queries: wide, mixed: mixed, residual: x, into: x, pool: pool)
        crossNorm.apply(x, rows: rows, into: x, pool: pool)
    }

    /// x = norm(x + output(gelu(intermediate(x)))); `wide` [rows, inner] is overwritten.
    func feedForward(
        _ x: UnsafeMutablePointer<Float>, rows: Int, wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        intermediate.apply(x, rows: rows, activation: activation, into: wide, pool: pool)
        output.apply(wide, rows: rows, residual: x, into: x, pool: pool)
        outputNorm.apply(x, rows: rows, into: x, pool: pool)
    }
}

/// The embeddings of BLIP's text networks: norm(word + position).
struct BLIPTextEmbedding: Sendable {
    let tokens: TokenEmbedding
    let norm: LayerNorm

    /// Reads the tensors of `embeddings`.
    init(_ weights: Weights, _ configuration: BLIPTextConfiguration) {
        tokens = TokenEmbedding(
            weights, tokens: "word_embeddings.weight", positions: "position_embeddings.weight",
            vocabulary: configuration.vocabularySize, longestSequence: configuration.maxPositions,
            width: configuration.hiddenSize)
        norm = weights.layerNorm("LayerNorm", configuration.hiddenSize, epsilon: configuration.layerNormEpsilon)
    }
}
