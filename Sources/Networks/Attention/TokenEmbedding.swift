import Checkpoint
import Tensor

/// The embeddings of a decoder's tokens with learned positions: x = embedding[token] + positions[t].
struct TokenEmbedding: Sendable {
    /// The most tokens of a sequence.
    let longestSequence: Int
    /// [vocabulary, width]
    let table: EmbeddingTable
    private let positions: [Float]  // [longestSequence, width]
    private let width: Int

    /// Reads the two tables called `tokens` and `positions`.
    init(
        _ weights: Weights, tokens: String, positions: String, vocabulary: Int, longestSequence: Int, width: Int
    ) {
        self.longestSequence = longestSequence
        self.width = width
        table = weights.table(tokens, vocabulary, width)
        self.positions = weights.floats(positions, [longestSequence, width])
    }

    /// The new tokens of all sequences, one below the other → x [rows, width]. A token that is not in the vocabulary and a sequence
    /// beyond its capacity are the caller's mistake and stop the program.
    func lookUp<Sequence>(_ inputs: [DecoderInput<Sequence>], into x: UnsafeMutablePointer<Float>) {
        var row = x
        for input in inputs {
            let start = input.sequence.cache.length
            precondition(start + input.tokens.count <= input.sequence.cache.capacity, "a sequence is full")
            lookUp(input.tokens, from: start, into: row)
            row += input.tokens.count * width
        }
    }

    /// Tokens of one text, the first at the position `start` → x [tokens, width].
    func lookUp(_ tokens: [Int32], from start: Int = 0, into x: UnsafeMutablePointer<Float>) {
        precondition(start + tokens.count <= longestSequence, "a text is longer than the position table")
        for (offset, token) in tokens.enumerated() {
            let row = x + offset * width
            table.copyRow(Int(token), into: row)
            for column in 0..<width { row[column] += positions[(start + offset) * width + column] }
        }
    }
}
