import Checkpoint
import Tensor

/// What stands in a text in place of the embeddings of its tokens: vectors at some of its positions, such as those of pictures.
public struct SplicedVectors: Sendable {
    /// [vectors, width]
    let values: [Float]
    /// For each position of the prompt the vector that stands there, or -1 for the embedding of its token.
    let places: [Int32]

    /// Puts the vectors, in their order, where `token` stands in a prompt. There are as many of one as of the other.
    public init(_ values: [Float], width: Int, inPlaceOf token: Int32, in prompt: [Int32]) {
        self.values = values
        var next: Int32 = 0
        places = prompt.map {
            guard $0 == token else { return -1 }
            next += 1
            return next - 1
        }
        precondition(values.count == Int(next) * width, "as many vectors are put into a text as it has places for them")
    }
}

/// A Llama (Touvron et al. 2023), pre-LN with root mean squares, positions by rotation, shared heads of keys and values and gated
/// feed-forward layers, one step at a time with cached keys and values:
///
///     h = embedding[token];  h += attention(norm(h)); h += feedForward(norm(h)) per layer;  logits = norm(h) · outputᵀ
///
/// The tokens of all sequences of a step stand one below the other; attention stays within a sequence: what one gets does not
/// depend on the others.
public final class LlamaDecoder: Sendable {
    /// A text in the making.
    public typealias Sequence = DecoderSequence<SplicedVectors>

    /// Tokens of the vocabulary: the width of a row of logits.
    public let vocabularySize: Int
    /// The most tokens of a sequence.
    public let longestSequence: Int

    private let width: Int
    private let mixedWidth: Int
    private let keyWidth: Int
    private let wideWidth: Int
    private let embedding: EmbeddingTable
    private let positions: RotaryPositions
    private let layers: [LlamaLayer]
    private let finalNorm: RMSNorm
    private let output: Linear  // d → V

    /// The most rows of a prompt that are read at once.
    private static let rowsAtOnce = 256

    /// Reads the tensors, with the names of `LlamaForCausalLM`.
    /// - Parameters:
    ///   - weights: those of the decoder without its output layer.
    ///   - whole: those of the whole model, which has the output layer where it is not the table of tokens.
    public init(_ weights: Weights, whole: Weights, _ llama: LlamaConfiguration, isTied: Bool) {
        vocabularySize = llama.vocabularySize
        longestSequence = llama.maxPositions
        width = llama.hiddenSize
        mixedWidth = max(width, llama.attentionHeads * llama.headWidth)
        keyWidth = llama.keyHeads * llama.headWidth
        wideWidth = LlamaLayer.wideWidth(llama)
        embedding = weights.table("embed_tokens.weight", llama.vocabularySize, llama.hiddenSize)
        positions = RotaryPositions(
            headWidth: llama.headWidth, base: llama.rotationBase, scaling: .init(llama.rotationScaling))
        layers = (0..<llama.layers).map { LlamaLayer(weights["layers.\($0)"], llama) }
        finalNorm = RMSNorm(weights, "norm", llama.hiddenSize, epsilon: llama.epsilon)
        // A file that says it is tied and has another output layer is taken at its tensors.
        output =
            isTied && !whole.has("lm_head.weight")
            ? weights.linear("embed_tokens", llama.hiddenSize, llama.vocabularySize, bias: false, storage: .smallest)
            : whole.linear("lm_head", llama.hiddenSize, llama.vocabularySize, bias: false, storage: .smallest)
    }

    /// An empty sequence with room for `capacity` tokens.
    public func begin(_ spliced: SplicedVectors, capacity: Int) -> Sequence {
        precondition(capacity <= longestSequence, "a sequence of \(capacity) tokens has positions without meaning")
        return DecoderSequence(
            memory: spliced, cache: KeyValueCache(layers: layers.count, capacity: capacity, keyWidth: keyWidth))
    }

    /// Reads tokens of a prompt, of which nothing is to be said yet, piece by piece.
    /// - Parameter pause: called after each layer of each piece; what is computed then must have a workspace of its own.
    public func read(
        _ tokens: [Int32], _ sequence: Sequence, workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) {
        for start in stride(from: 0, to: tokens.count, by: Self.rowsAtOnce) {
            let piece = Array(tokens[start..<min(start + Self.rowsAtOnce, tokens.count)])
            let input = DecoderInput(sequence, piece)
            workspace.begin(piece.count * width, piece.count * rowWidth)
            let x = workspace.take(piece.count * width)
            hiddenStates([input], x, workspace, pool, pause)
            sequence.cache.add(piece)
        }
    }

    /// Floats of a row beside its hidden state; areas are rounded up, for which there is room for some more.
    private var rowWidth: Int { width + mixedWidth + wideWidth + positions.headWidth + 64 }

    /// Continues all sequences by their tokens. Returns the logits of what follows the last token of each [inputs, V]:
    /// memory of the workspace, valid until its next use.
    public func step(
        _ inputs: [DecoderInput<Sequence>], workspace: Workspace, pool: ComputePool
    ) -> UnsafeMutablePointer<Float> {
        let rows = DecoderInput.rows(inputs)
        workspace.begin(
            inputs.count * width, inputs.count * vocabularySize, rows * width, rows * rowWidth)
        let last = workspace.take(inputs.count * width)  // [inputs, d]
        let logits = workspace.take(inputs.count * vocabularySize)  // [inputs, V]
        let x = workspace.take(rows * width)
        hiddenStates(inputs, x, workspace, pool) {}
        DecoderInput.finish(inputs, x, width: width, lastRows: last)
        finalNorm.apply(last, rows: inputs.count, into: last, pool: pool)
        output.apply(last, rows: inputs.count, into: logits, pool: pool)
        return logits
    }

    /// The new tokens of all sequences → x [rows, d] behind the last layer.
    private func hiddenStates(
        _ inputs: [DecoderInput<Sequence>], _ x: UnsafeMutablePointer<Float>, _ workspace: Workspace,
        _ pool: ComputePool, _ pause: () -> Void
    ) {
        let rows = DecoderInput.rows(inputs)
        let normed = workspace.take(rows * width)  // [rows, d]
        let mixed = workspace.take(rows * mixedWidth)  // [rows, heads · head]
        let wide = workspace.take(rows * wideWidth)  // [rows, q|k|v], then [rows, gate | up]
        let rotations = workspace.take(rows * positions.headWidth)  // [rows, cosines | sines]
        var row = 0
        for input in inputs {
            let start = input.sequence.cache.length
            precondition(start + input.tokens.count <= input.sequence.cache.capacity, "a sequence is full")
            positions.write(start..<start + input.tokens.count, into: rotations + row * positions.headWidth)
            for (offset, token) in input.tokens.enumerated() {
                embed(token, at: start + offset, input.sequence.memory, into: x + (row + offset) * width)
            }
            row += input.tokens.count
        }
        for (index, layer) in layers.enumerated() {
            layer.apply(
                inputs, index, x, rows: rows, positions, rotations: rotations, normed: normed, mixed: mixed,
                wide: wide, pool: pool)
            pause()
        }
    }

    private func embed(
        _ token: Int32, at position: Int, _ spliced: SplicedVectors, into row: UnsafeMutablePointer<Float>
    ) {
        let place = position < spliced.places.count ? Int(spliced.places[position]) : -1
        guard place >= 0 else { return embedding.copyRow(Int(token), into: row) }
        for channel in 0..<width { row[channel] = spliced.values[place * width + channel] }
    }
}

extension RotaryPositions.Scaling {
    fileprivate init(_ scaling: LlamaConfiguration.RotationScaling) {
        switch scaling {
        case .none: self = .none
        case .linear(let factor): self = .linear(factor)
        case .llama3(let factor, let low, let high, let length):
            self = .llama3(factor: factor, low: low, high: high, learnedLength: length)
        }
    }
}
