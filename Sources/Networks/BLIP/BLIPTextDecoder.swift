import Checkpoint
import Tensor

/// BLIP's text decoder (Li et al. 2022): a BERT whose self-attention is causal and cached and that attends to a picture's or a
/// question's tokens in every layer.
///
///     h = norm(word + position)
///     h = norm(h + selfAttention(h)); h = norm(h + crossAttention(h, memory)); h = norm(h + feedForward(h))     per layer
///     logits = norm(gelu(transform(h))) · embeddingᵀ + bias
///
/// The tokens of all sequences of a step stand one below the other, so that each weight is read once per step however many
/// sequences there are. What one gets does not depend on the others.
public final class BLIPTextDecoder: Sendable {
    /// A text in the making.
    public typealias Sequence = DecoderSequence<CrossAttentionMemory>
    /// What a text is continued by.
    public typealias Input = DecoderInput<Sequence>

    /// Tokens of the vocabulary: the width of a row of logits.
    public let vocabularySize: Int
    /// The most tokens of a sequence.
    public let longestSequence: Int

    private let width: Int
    private let inner: Int
    private let embedding: BLIPTextEmbedding
    private let layers: [BLIPTextLayer<CachedSelfAttention>]
    private let transform: Linear
    private let activation: Activation
    private let transformNorm: LayerNorm
    private let output: Linear  // d → V

    /// Reads the tensors of `text_decoder`.
    /// - Parameter memoryWidth: channels of what is attended to.
    public init(_ weights: Weights, _ configuration: BLIPTextConfiguration, memoryWidth: Int) {
        let (width, heads) = (configuration.hiddenSize, configuration.attentionHeads)
        self.width = width
        inner = configuration.intermediateSize
        vocabularySize = configuration.vocabularySize
        longestSequence = configuration.maxPositions
        activation = Activation(configuration.activation)
        let (bert, predictions) = (weights["bert"], weights["cls.predictions"])
        embedding = BLIPTextEmbedding(bert["embeddings"], configuration)
        layers = (0..<configuration.layers).map { index in
            BLIPTextLayer(bert["encoder.layer.\(index)"], configuration, memoryWidth: memoryWidth) {
                CachedSelfAttention($0, $1, width: width, heads: heads)
            }
        }
        transform = predictions.linear("transform.dense", width, width, storage: .smallest)
        transformNorm = predictions.layerNorm(
            "transform.LayerNorm", width, epsilon: configuration.layerNormEpsilon)
        // What a file has twice is the same, or else the reference does not tie it either.
        let isTied = configuration.isTied && !predictions.has("decoder.weight")
        output = weights.linear(
            weight: isTied ? "bert.embeddings.word_embeddings.weight" : "cls.predictions.decoder.weight",
            bias: predictions.has("decoder.bias") ? "cls.predictions.decoder.bias" : "cls.predictions.bias",
            width, configuration.vocabularySize, storage: .smallest)
    }

    /// What sequences attend to of the tokens of a picture or a question.
    /// - Parameter pause: called after each layer.
    public func memory(
        of encoded: TowerTokens, pool: ComputePool, pause: () -> Void = {}
    ) -> CrossAttentionMemory {
        let memory = CrossAttentionMemory(tokens: encoded.tokens, layers: layers.count, width: width)
        for (index, layer) in layers.enumerated() {
            layer.crossAttention.encode(encoded.values, into: memory, layer: index, pool: pool)
            pause()
        }
        return memory
    }

    /// An empty sequence about a memory, with room for `capacity` tokens.
    public func begin(_ memory: CrossAttentionMemory, capacity: Int) -> Sequence {
        precondition(capacity <= longestSequence, "a sequence of \(capacity) tokens is longer than the position table")
        return Sequence(
            memory: memory, cache: KeyValueCache(layers: layers.count, capacity: capacity, keyWidth: width))
    }

    /// Continues all sequences by their tokens. Returns the logits of what follows the last token of each [inputs, V]:
    /// memory of the workspace, valid until its next use. Sequences of one memory that stand side by side share work.
    public func step(
        _ inputs: [Input], workspace: Workspace, pool: ComputePool
    ) -> UnsafeMutablePointer<Float> {
        let rows = Input.rows(inputs)
        let wideCount = rows * max(3 * width, inner)
        workspace.begin(
            rows * width, rows * width, wideCount, inputs.count * width, inputs.count * vocabularySize)
        let x = workspace.take(rows * width)  // [rows, d]
        let mixed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(wideCount)  // [rows, q|k|v], [rows, q], [rows, inner]
        let last = workspace.take(inputs.count * width)  // [inputs, d]
        let logits = workspace.take(inputs.count * vocabularySize)  // [inputs, V]

        embedding.tokens.lookUp(inputs, into: x)
        embedding.norm.apply(x, rows: rows, into: x, pool: pool)
        let asked = inputs.map { MemoryAttention.Text(rows: $0.tokens.count, memory: $0.sequence.memory) }
        for (index, layer) in layers.enumerated() {
            layer.attention.apply(
                inputs, layer: index, x, projected: wide, mixed: mixed, residual: x, into: x, pool: pool)
            layer.attentionNorm.apply(x, rows: rows, into: x, pool: pool)
            layer.attend(asked, layer: index, x, rows: rows, mixed: mixed, wide: wide, pool: pool)
            layer.feedForward(x, rows: rows, wide: wide, pool: pool)
        }
        Input.finish(inputs, x, width: width, lastRows: last)
        transform.apply(last, rows: inputs.count, activation: activation, into: mixed, pool: pool)
        transformNorm.apply(mixed, rows: inputs.count, into: last, pool: pool)
        output.apply(last, rows: inputs.count, into: logits, pool: pool)
        return logits
    }
}
