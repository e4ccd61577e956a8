import Checkpoint
import Tensor

/// The decoder half of the caption head (Vaswani et al. 2017, pre-LN), one step at a time with cached keys and values.
///
///     h = embedding[token] + positions[t]
///     h += selfAttention(norm(h)); h += crossAttention(norm(h), memory); h += feedForward(norm(h))     per layer
///     logits = norm(h) · embeddingᵀ + bias
///
/// The memory is the image's tokens and, where the checkpoint has them, names of things, which can be copied (`ThingMemory`).
///
/// The tokens of all sequences of a step stand one below the other, so that each weight is read once per step however
/// many sequences there are. Attention stays within a sequence: what one gets does not depend on the others.
public final class CaptionDecoder: Sendable {
    /// Tokens of the vocabulary: the width of a row of logits.
    public let vocabularySize: Int
    /// The most tokens of a sequence, the begin included.
    public let longestSequence: Int

    private let width: Int
    private let inner: Int
    private let heads: Int
    private let imageTokens: Int
    private let embedding: TokenEmbedding
    private let layers: [Layer]
    private let finalNorm: LayerNorm
    private let output: Linear  // d → V, tied with the embedding
    private let things: ThingMemory?

    private struct Layer: Sendable {
        let selfNorm: LayerNorm
        let selfAttention: CachedSelfAttention
        let crossNorm: LayerNorm
        let crossAttention: MemoryAttention
        let feedForward: FeedForward
    }

    /// Reads the tensors of the caption head except `image.*`.
    public init(
        _ weights: Weights, _ head: SensoriumConfiguration.CaptionHead, tower: SensoriumConfiguration.ImageTower,
        width: Int
    ) {
        let vocabulary = head.vocabulary.count
        vocabularySize = vocabulary
        longestSequence = head.maxTokens
        self.width = width
        inner = head.feedForward
        heads = head.attentionHeads
        imageTokens = tower.tokens
        let epsilon = head.layerNormEpsilon
        embedding = TokenEmbedding(
            weights, tokens: "embedding.weight", positions: "positions", vocabulary: vocabulary,
            longestSequence: head.maxTokens, width: width)
        layers = (0..<head.layers).map { index in
            let layer = weights["layers.\(index)"]
            return Layer(
                selfNorm: layer.layerNorm("self_attention_norm", width, epsilon: epsilon),
                selfAttention: CachedSelfAttention(
                    layer["self_attention"], .own, width: width, heads: head.attentionHeads),
                crossNorm: layer.layerNorm("cross_attention_norm", width, epsilon: epsilon),
                crossAttention: MemoryAttention(
                    layer["cross_attention"], .own, width: width, heads: head.attentionHeads),
                feedForward: FeedForward(layer, width: width, inner: head.feedForward, epsilon: epsilon))
        }
        finalNorm = weights.layerNorm("final_norm", width, epsilon: epsilon)
        output = weights.linear(weight: "embedding.weight", bias: "output_bias", width, vocabulary)
        things = head.things.map { ThingMemory(weights["things"], $0, width: width, epsilon: epsilon) }
    }

    /// The memory of one image [tokens, d], as `ImageMemory` computes it, and the names of what was seen in it → what
    /// sequences attend to. A checkpoint that does not know things takes no names.
    public func encode(
        _ memory: UnsafePointer<Float>, things pieces: [ThingPiece] = [], pool: ComputePool
    ) -> CaptionMemory {
        guard let things, !pieces.isEmpty else {
            return CaptionMemory(attended(memory, imageTokens, pool))
        }
        let tokens = imageTokens + pieces.count
        let whole = FloatBuffer(count: tokens * width)
        whole.pointer.update(from: memory, count: imageTokens * width)
        let keys = things.encode(
            pieces, embedding: embedding.table, into: whole.pointer + imageTokens * width, pool: pool)
        return CaptionMemory(attended(whole.pointer, tokens, pool), copies: (pieces, keys))
    }

    private func attended(
        _ encoded: UnsafePointer<Float>, _ tokens: Int, _ pool: ComputePool
    ) -> CrossAttentionMemory {
        let memory = CrossAttentionMemory(tokens: tokens, layers: layers.count, width: width)
        for (index, layer) in layers.enumerated() {
            layer.crossAttention.encode(encoded, into: memory, layer: index, pool: pool)
        }
        return memory
    }

    /// An empty sequence about an image, with room for `capacity` tokens.
    public func begin(_ memory: CaptionMemory, capacity: Int) -> Sequence {
        precondition(capacity <= longestSequence, "a sequence of \(capacity) tokens is longer than the position table")
        return Sequence(
            memory: memory, cache: KeyValueCache(layers: layers.count, capacity: capacity, keyWidth: width))
    }

    /// A caption in the making. Its tokens include the begin.
    public typealias Sequence = DecoderSequence<CaptionMemory>
    /// What a caption is continued by.
    public typealias Input = DecoderInput<Sequence>

    /// Continues all sequences by their tokens. Returns the logits of what follows the last token of each [inputs, V]:
    /// memory of the workspace, valid until its next use. Sequences of one image that stand side by side share work.
    public func step(
        _ inputs: [Input], workspace: Workspace, pool: ComputePool
    ) -> UnsafeMutablePointer<Float> {
        run(inputs, workspace, pool)
    }

    /// The last layer's cross-attention before it wrote each of `tokens`, a whole caption with its prompt: for each the weights of
    /// the image's tokens among themselves, mean over heads. Computed from the caption anew, so that a caption is the same whether or
    /// not it is explained.
    public func crossAttentionWeights(
        _ memory: CaptionMemory, begin token: Int32, _ tokens: [Int32], workspace: Workspace, pool: ComputePool
    ) -> [[Float]] {
        guard !tokens.isEmpty else { return [] }
        let seen = memory.attended.tokens
        let weights = FloatBuffer(count: heads * tokens.count * seen)
        let sequence = begin(memory, capacity: tokens.count)
        _ = run([Input(sequence, [token] + tokens.dropLast())], lastWeights: weights.pointer, workspace, pool)
        return tokens.indices.map { row in
            let sums = (0..<imageTokens).map { place in
                (0..<heads).reduce(Float(0)) { $0 + weights.pointer[($1 * tokens.count + row) * seen + place] }
            }
            // Without names the weights of each head have the sum 1.
            let total = seen == imageTokens ? Float(heads) : sums.reduce(0, +)
            return sums.map { total > 0 ? $0 / total : 1 / Float(imageTokens) }
        }
    }

    /// One step.
    /// - Parameter lastWeights: where those of the last layer's cross-attention go, of a single sequence [heads, rows, tokens].
    private func run(
        _ inputs: [Input], lastWeights: UnsafeMutablePointer<Float>? = nil, _ workspace: Workspace, _ pool: ComputePool
    ) -> UnsafeMutablePointer<Float> {
        let rows = Input.rows(inputs)
        workspace.begin(
            rows * width, rows * width, rows * max(3 * width, inner), inputs.count * width,
            inputs.count * vocabularySize)
        let x = workspace.take(rows * width)  // [rows, d]
        let normed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(rows * max(3 * width, inner))  // [rows, q|k|v], [rows, q], [rows, inner]
        let last = workspace.take(inputs.count * width)  // [inputs, d]
        let logits = workspace.take(inputs.count * vocabularySize)  // [inputs, V]

        embedding.lookUp(inputs, into: x)
        for (index, layer) in layers.enumerated() {
            layer.selfNorm.apply(x, rows: rows, into: normed, pool: pool)
            layer.selfAttention.apply(
                inputs, layer: index, normed, projected: wide, mixed: normed, residual: x, into: x, pool: pool)

            layer.crossNorm.apply(x, rows: rows, into: normed, pool: pool)
            let asked = inputs.map {
                MemoryAttention.Text(
                    rows: $0.tokens.count, memory: $0.sequence.memory.attended,
                    weights: index == layers.count - 1 ? lastWeights : nil)
            }
            layer.crossAttention.apply(
                asked, layer: index, normed, queries: wide, mixed: normed, residual: x, into: x, pool: pool)

            layer.feedForward.apply(x, rows: rows, normed: normed, inner: wide, pool: pool)
        }
        Input.finish(inputs, x, width: width, lastRows: last)
        finalNorm.apply(last, rows: inputs.count, into: last, pool: pool)
        output.apply(last, rows: inputs.count, into: logits, pool: pool)
        things?.copy(last, inputs.map(\.sequence), vocabulary: vocabularySize, into: logits, pool: pool)
        return logits
    }
}
