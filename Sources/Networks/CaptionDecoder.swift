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
    private let selfShape: AttentionShape
    private let crossShape: AttentionShape
    private let imageTokens: Int
    private let embedding: EmbeddingTable
    private let positions: [Float]  // [longestSequence, d]
    private let layers: [Layer]
    private let crossKeysValues: Linear  // d → layers · (k|v)
    private let finalNorm: LayerNorm
    private let output: Linear  // d → V, tied with the embedding
    private let things: ThingMemory?

    private struct Layer: Sendable {
        let selfNorm: LayerNorm
        let queryKeyValue: Linear
        let selfOutput: Linear
        let crossNorm: LayerNorm
        let crossQuery: Linear
        let crossOutput: Linear
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
        let headWidth = width / head.attentionHeads
        selfShape = weights.made(
            AttentionShape(
                heads: head.attentionHeads, headWidth: headWidth,
                queryStride: 3 * width, keyStride: 2 * width, valueStride: 2 * width), orElse: .standIn)
        crossShape = weights.made(
            AttentionShape(
                heads: head.attentionHeads, headWidth: headWidth,
                keyStride: head.layers * 2 * width, valueStride: head.layers * 2 * width), orElse: .standIn)
        imageTokens = tower.tokens
        let epsilon = head.layerNormEpsilon
        embedding = weights.table("embedding.weight", vocabulary, width)
        positions = weights.floats("positions", [head.maxTokens, width])
        layers = (0..<head.layers).map { index in
            let layer = weights["layers.\(index)"]
            return Layer(
                selfNorm: layer.layerNorm("self_attention_norm", width, epsilon: epsilon),
                queryKeyValue: layer["self_attention"].linear(stacking: ["query", "key", "value"], width, width),
                selfOutput: layer.linear("self_attention.output", width, width),
                crossNorm: layer.layerNorm("cross_attention_norm", width, epsilon: epsilon),
                crossQuery: layer.linear("cross_attention.query", width, width),
                crossOutput: layer.linear("cross_attention.output", width, width),
                feedForward: FeedForward(layer, width: width, inner: head.feedForward, epsilon: epsilon))
        }
        let crossNames = (0..<head.layers).flatMap { index in
            ["key", "value"].map { "layers.\(index).cross_attention.\($0)" }
        }
        crossKeysValues = weights.linear(stacking: crossNames, width, width)
        finalNorm = weights.layerNorm("final_norm", width, epsilon: epsilon)
        output = weights.linear(weight: "embedding.weight", bias: "output_bias", width, vocabulary)
        things = head.things.map { ThingMemory(weights["things"], $0, width: width, epsilon: epsilon) }
    }

    /// The memory of one image [tokens, d], as `ImageMemory` computes it, and the names of what was seen in it → what
    /// sequences attend to. A checkpoint that does not know things takes no names.
    public func remember(
        _ memory: UnsafePointer<Float>, things pieces: [ThingPiece] = [], pool: ComputePool
    ) -> CaptionMemory {
        guard let things, !pieces.isEmpty else {
            return CaptionMemory(tokens: imageTokens, keysValues: crossed(memory, imageTokens, pool), copies: nil)
        }
        let tokens = imageTokens + pieces.count
        let whole = FloatBuffer(count: tokens * width)
        whole.pointer.update(from: memory, count: imageTokens * width)
        let keys = things.encode(
            pieces, embedding: embedding, into: whole.pointer + imageTokens * width, pool: pool)
        return CaptionMemory(
            tokens: tokens, keysValues: crossed(whole.pointer, tokens, pool), copies: (pieces, keys))
    }

    private func crossed(_ memory: UnsafePointer<Float>, _ tokens: Int, _ pool: ComputePool) -> FloatBuffer {
        let keysValues = FloatBuffer(count: tokens * layers.count * 2 * width)
        crossKeysValues.apply(memory, rows: tokens, into: keysValues.pointer, pool: pool)
        return keysValues
    }

    /// An empty sequence about an image, with room for `capacity` tokens.
    public func begin(_ memory: CaptionMemory, capacity: Int) -> CaptionSequence {
        precondition(capacity <= longestSequence, "a sequence of \(capacity) tokens is longer than the position table")
        return CaptionSequence(memory: memory, capacity: capacity, layers: layers.count, width: width)
    }

    /// Tokens that a sequence has not seen yet: one in generation, several for a prompt.
    public struct Input {
        /// The sequence that is continued.
        public let sequence: CaptionSequence
        /// At least one token of the vocabulary.
        public let tokens: [Int32]

        /// `tokens` after what `sequence` has seen.
        public init(_ sequence: CaptionSequence, _ tokens: [Int32]) {
            self.sequence = sequence
            self.tokens = tokens
        }
    }

    /// Continues all sequences by their tokens. Returns the logits of what follows the last token of each [inputs, V]:
    /// memory of the workspace, valid until its next use. Sequences of one image that stand side by side share work.
    public func step(
        _ inputs: [Input], workspace: Workspace, pool: ComputePool
    ) -> UnsafeMutablePointer<Float> {
        run(inputs, workspace, pool) { _ in }
    }

    /// What the last layer looked at before it wrote each of `tokens`, a whole caption with its prompt: for each the weights
    /// of the image's tokens among themselves, mean over heads. Computed from the caption anew, so that a caption is the same whether or not
    /// it is explained.
    public func looks(
        _ memory: CaptionMemory, begin token: Int32, _ tokens: [Int32], workspace: Workspace, pool: ComputePool
    ) -> [[Float]] {
        guard !tokens.isEmpty else { return [] }
        let seen = memory.tokens
        let weights = FloatBuffer(count: crossShape.heads * tokens.count * seen)
        let sequence = begin(memory, capacity: tokens.count)
        _ = run([Input(sequence, [token] + tokens.dropLast())], workspace, pool) { query in
            let unused = FloatBuffer(count: tokens.count * width)
            let keys = memory.keysValues.pointer + (layers.count - 1) * 2 * width
            attention(
                query: query, queryRows: tokens.count, keys: keys, values: keys + width, keyRows: seen,
                shape: crossShape, into: unused.pointer, weights: weights.pointer, pool: pool)
        }
        return tokens.indices.map { row in
            let heads = 0..<crossShape.heads
            let sums = (0..<imageTokens).map { place in
                heads.reduce(Float(0)) { $0 + weights.pointer[($1 * tokens.count + row) * seen + place] }
            }
            // Without names the weights of each head have the sum 1.
            let total = seen == imageTokens ? Float(crossShape.heads) : sums.reduce(0, +)
            return sums.map { total > 0 ? $0 / total : 1 / Float(imageTokens) }
        }
    }

    /// One step; `look` is called with the last layer's questions to the images [rows, d].
    private func run(
        _ inputs: [Input], _ workspace: Workspace, _ pool: ComputePool, look: (UnsafePointer<Float>) -> Void
    ) -> UnsafeMutablePointer<Float> {
        let rows = inputs.reduce(0) { $0 + $1.tokens.count }
        workspace.begin(
            rows * width, rows * width, rows * max(3 * width, inner), inputs.count * width,
            inputs.count * vocabularySize)
        let x = workspace.take(rows * width)  // [rows, d]
        let normed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(rows * max(3 * width, inner))  // [rows, q|k|v], [rows, q], [rows, inner]
        let last = workspace.take(inputs.count * width)  // [inputs, d]
        let logits = workspace.take(inputs.count * vocabularySize)  // [inputs, V]

        lookUp(inputs, into: x)
        for (index, layer) in layers.enumerated() {
            layer.selfNorm.apply(x, rows: rows, into: normed, pool: pool)
            layer.queryKeyValue.apply(normed, rows: rows, into: wide, pool: pool)
            attendToPast(inputs, layer: index, queryKeyValue: wide, into: normed, pool)
            layer.selfOutput.apply(normed, rows: rows, residual: x, into: x, pool: pool)

            layer.crossNorm.apply(x, rows: rows, into: normed, pool: pool)
            layer.crossQuery.apply(normed, rows: rows, into: wide, pool: pool)
            attendToImages(inputs, layer: index, query: wide, into: normed, pool)
            if index == layers.count - 1 { look(wide) }
            layer.crossOutput.apply(normed, rows: rows, residual: x, into: x, pool: pool)

            layer.feedForward.apply(x, rows: rows, normed: normed, inner: wide, pool: pool)
        }
        var row = 0
        for (index, input) in inputs.enumerated() {
            row += input.tokens.count
            (last + index * width).update(from: x + (row - 1) * width, count: width)
            input.sequence.tokens += input.tokens
        }
        finalNorm.apply(last, rows: inputs.count, into: last, pool: pool)
        output.apply(last, rows: inputs.count, into: logits, pool: pool)
        things?.copy(last, inputs.map(\.sequence), vocabulary: vocabularySize, into: logits, pool: pool)
        return logits
    }

    /// x[row] = embedding[token] + positions[t]
    private func lookUp(_ inputs: [Input], into x: UnsafeMutablePointer<Float>) {
        var row = x
        for input in inputs {
            let start = input.sequence.length
            precondition(start + input.tokens.count <= input.sequence.capacity, "a sequence is full")
            for (offset, token) in input.tokens.enumerated() {
                embedding.copyRow(Int(token), into: row)
                for column in 0..<width { row[column] += positions[(start + offset) * width + column] }
                row += width
            }
        }
    }

    /// Self-attention of each sequence's new tokens over all its tokens up to each; first their keys and values join.
    private func attendToPast(
        _ inputs: [Input], layer: Int, queryKeyValue: UnsafePointer<Float>, into mixed: UnsafeMutablePointer<Float>,
        _ pool: ComputePool
    ) {
        var row = 0
        let sequences = inputs.map { input in
            let count = input.tokens.count
            defer { row += count }
            let past = input.sequence.length
            let keys = input.sequence.keysValues(ofLayer: layer)
            let queries = queryKeyValue + row * 3 * width
            for token in 0..<count {
                (keys + (past + token) * 2 * width).update(from: queries + token * 3 * width + width, count: 2 * width)
            }
            return AttentionSequence(
                query: queries, queryRows: count, keys: keys, values: keys + width, keyRows: past + count,
                causalOffset: past, into: mixed + row * width)
        }
        attention(sequences, selfShape, pool: pool)
    }

    /// Cross-attention: the tokens of all neighbours that describe the same image ask its memory together.
    private func attendToImages(
        _ inputs: [Input], layer: Int, query: UnsafePointer<Float>, into mixed: UnsafeMutablePointer<Float>,
        _ pool: ComputePool
    ) {
        var sequences: [AttentionSequence] = []
        var row = 0
        var first = 0
        while first < inputs.count {
            let memory = inputs[first].sequence.memory
            var count = 0
            while first < inputs.count, inputs[first].sequence.memory === memory {
                count += inputs[first].tokens.count
                first += 1
            }
            let keys = memory.keysValues.pointer + layer * 2 * width
            sequences.append(
                AttentionSequence(
                    query: query + row * width, queryRows: count, keys: keys, values: keys + width,
                    keyRows: memory.tokens, into: mixed + row * width))
            row += count
        }
        attention(sequences, crossShape, pool: pool)
    }
}
