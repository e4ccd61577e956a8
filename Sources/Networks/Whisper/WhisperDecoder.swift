import Checkpoint
import Tensor

/// Whisper's decoder (Radford et al. 2022), pre-LN, one step at a time with cached keys and values.
///
///     h = embedding[token] + positions[t]
///     h += selfAttention(norm(h)); h += crossAttention(norm(h), sound); h += down(gelu(up(norm(h))))     per layer
///     logits = norm(h) · embeddingᵀ
///
/// The tokens of all sequences of a step stand one below the other, so that each weight is read once per step however many
/// sequences there are. Attention stays within a sequence: what one gets does not depend on the others.
public final class WhisperDecoder: Sendable {
    /// Tokens of the vocabulary: the width of a row of logits.
    public let vocabularySize: Int
    /// The most tokens of a sequence.
    public let longestSequence: Int

    private let width: Int
    private let inner: Int
    private let heads: Int
    private let alignmentHeads: Int
    private let soundTokens: Int
    private let embedding: TokenEmbedding
    private let layers: [WhisperDecoderLayer]
    private let finalNorm: LayerNorm
    private let output: Linear  // d → V

    /// Reads the tensors, with Hugging Face's names.
    /// - Parameters:
    ///   - weights: those of the decoder.
    ///   - whole: those of the whole model, which has the output layer where it is not the embedding.
    public init(_ weights: Weights, whole: Weights, _ configuration: WhisperConfiguration) {
        let decoder = configuration.decoder
        vocabularySize = decoder.vocabularySize
        longestSequence = decoder.maxPositions
        width = decoder.width
        inner = decoder.innerWidth
        heads = decoder.attentionHeads
        alignmentHeads = configuration.generation.alignmentHeads?.count ?? 0
        soundTokens = configuration.encoder.maxPositions
        embedding = TokenEmbedding(
            weights, tokens: "embed_tokens.weight", positions: "embed_positions.weight",
            vocabulary: decoder.vocabularySize, longestSequence: decoder.maxPositions, width: width)
        layers = (0..<decoder.layers).map { index in
            WhisperDecoderLayer(
                weights["layers.\(index)"], decoder, activation: Activation(configuration.activation),
                alignmentHeads: configuration.generation.alignmentHeads?.filter { $0.layer == index }.map(\.head) ?? [])
        }
        finalNorm = weights.layerNorm("layer_norm", width, epsilon: WhisperDecoderLayer.epsilon)
        output =
            decoder.isTied
            ? weights.linear("embed_tokens", width, decoder.vocabularySize, bias: false, storage: .smallest)
            : whole.linear("proj_out", width, decoder.vocabularySize, bias: false, storage: .smallest)
    }

    /// What sequences attend to: an empty memory for the keys and values of a window, layer by layer.
    public func encode(_ window: WhisperEncoding) -> WhisperMemory {
        WhisperMemory(window.x, tokens: soundTokens, layers: layers.count, width: width)
    }

    /// Computes the keys and values of the next layer; whether those of all are there.
    public func advance(_ memory: WhisperMemory, pool: ComputePool) -> Bool {
        guard let sound = memory.sound else { return true }
        let index = memory.ready
        layers[index].crossAttention.encode(sound.pointer, into: memory.attended, layer: index, pool: pool)
        memory.ready += 1
        if memory.ready == layers.count { memory.sound = nil }
        return memory.ready == layers.count
    }

    /// An empty sequence about a window, with room for `capacity` tokens.
    public func begin(_ memory: WhisperMemory, capacity: Int) -> WhisperSequence {
        precondition(capacity <= longestSequence, "a sequence of \(capacity) tokens is longer than the position table")
        precondition(memory.ready == layers.count, "the memory is not complete")
        return WhisperSequence(
            memory: memory, capacity: capacity, layers: layers.count, width: width, alignmentHeads: alignmentHeads)
    }

    /// Continues all sequences by their tokens. Returns the logits of what follows the last token of each [inputs, V]:
    /// memory of the workspace, valid until its next use.
    public func step(
        _ inputs: [DecoderInput<WhisperSequence>], workspace: Workspace, pool: ComputePool
    ) -> UnsafeMutablePointer<Float> {
        let rows = DecoderInput.rows(inputs)
        let wideCount = rows * max(3 * width, inner)
        let aligned = inputs.reduce(0) { $0 + ($1.sequence.aligns ? $1.tokens.count : 0) }
        workspace.begin(
            rows * width, rows * width, wideCount, inputs.count * width, inputs.count * vocabularySize,
            aligned * heads * soundTokens)
        let x = workspace.take(rows * width)  // [rows, d]
        let normed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(wideCount)  // [rows, q|k|v], [rows, q], [rows, inner]
        let last = workspace.take(inputs.count * width)  // [inputs, d]
        let logits = workspace.take(inputs.count * vocabularySize)  // [inputs, V]
        let weights = workspace.take(aligned * heads * soundTokens)  // [heads, rows, sound] of each that is aligned

        embedding.lookUp(inputs, into: x)
        for (index, layer) in layers.enumerated() {
            layer.attendToPast(inputs, index, x, rows: rows, normed: normed, wide: wide, pool: pool)
            layer.attendToSound(inputs, index, x, rows: rows, normed: normed, wide: wide, weights: weights, pool: pool)
            layer.feedForward(x, rows: rows, normed: normed, wide: wide, pool: pool)
        }
        DecoderInput.finish(inputs, x, width: width, lastRows: last)
        finalNorm.apply(last, rows: inputs.count, into: last, pool: pool)
        output.apply(last, rows: inputs.count, into: logits, pool: pool)
        return logits
    }
}
