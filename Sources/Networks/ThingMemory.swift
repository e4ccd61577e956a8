import Checkpoint
import Glibc
import Tensor

/// A word piece of the name of a thing that a classifier saw in a picture.
public struct ThingPiece: Sendable, Equatable {
    /// The decoder's token.
    public let token: Int32
    /// Its place in the name, from 0.
    public let place: Int
    /// The thing.
    public let thing: SeenThing

    /// - Parameters: as the properties of those names say.
    public init(token: Int32, place: Int, of thing: SeenThing) {
        self.token = token
        self.place = place
        self.thing = thing
    }
}

/// Names of things as further memory of the caption decoder, and as words that it may copy (CopyNet, Gu et al. 2016).
///
///     m = norm(projection(embedding[piece]) + positions[place] + likelihood([whole, part, l(whole), l(part)]))
///     score of copying = query(h) · key(m) / √d,   which shares one softmax with the logits of the vocabulary
///     l(p) = 1 − log p / log 0.001
final class ThingMemory: Sendable {
    private let width: Int
    private let longestName: Int
    private let projection: Linear
    private let positions: [Float]  // [longestName, d]
    private let likelihood: Linear  // 4 → d
    private let norm: LayerNorm
    private let query: Linear
    private let key: Linear

    /// Reads the tensors `things.*` of the caption head.
    init(_ weights: Weights, _ things: SensoriumConfiguration.CaptionThings, width: Int, epsilon: Float) {
        self.width = width
        longestName = things.positions
        projection = weights.linear("projection", width, width)
        positions = weights.floats("positions", [things.positions, width])
        likelihood = weights.linear("likelihood", 4, width)
        norm = weights.layerNorm("norm", width, epsilon: epsilon)
        query = weights.linear("query", width, width)
        key = weights.linear("key", width, width)
    }

    /// Memory [pieces, d] of names, into room for it; and by what they are copied, [pieces, d].
    func encode(
        _ pieces: [ThingPiece], embedding: EmbeddingTable, into memory: UnsafeMutablePointer<Float>, pool: ComputePool
    ) -> FloatBuffer {
        let rows = pieces.count
        let words = FloatBuffer(count: rows * width)
        let likely = FloatBuffer(count: rows * 4)
        for (row, piece) in pieces.enumerated() {
            precondition(piece.place < longestName, "a name has more pieces than the checkpoint allows")
            embedding.copyRow(Int(piece.token), into: words.pointer + row * width)
            for (column, value) in piece.thing.likelihoods.enumerated() { likely.pointer[row * 4 + column] = value }
        }
        let sum = FloatBuffer(count: rows * width)
        likelihood.apply(likely.pointer, rows: rows, into: sum.pointer, pool: pool)
        projection.apply(words.pointer, rows: rows, residual: sum.pointer, into: sum.pointer, pool: pool)
        for (row, piece) in pieces.enumerated() {
            for column in 0..<width { sum.pointer[row * width + column] += positions[piece.place * width + column] }
        }
        norm.apply(sum.pointer, rows: rows, into: memory, pool: pool)
        let keys = FloatBuffer(count: rows * width)
        key.apply(memory, rows: rows, into: keys.pointer, pool: pool)
        return keys
    }

    /// Lets the names that may be copied have their say in the logits of what follows some sequences [sequences, vocabulary],
    /// given what the decoder knows then, `hidden` [sequences, d].
    func copy(
        _ hidden: UnsafePointer<Float>, _ sequences: [CaptionDecoder.Sequence], vocabulary: Int,
        into logits: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        guard sequences.contains(where: { $0.memory.copies != nil }) else { return }
        let queries = FloatBuffer(count: sequences.count * width)
        query.apply(hidden, rows: sequences.count, into: queries.pointer, pool: pool)
        let scale = 1 / Float(width).squareRoot()
        for (row, sequence) in sequences.enumerated() {
            guard let copies = sequence.memory.copies else { continue }
            let asked = queries.pointer + row * width
            for index in copies.pieces.indices where Self.mayCopy(index, of: copies.pieces, after: sequence.tokens) {
                let offered = copies.keys.pointer + index * width
                var score: Float = 0
                for column in 0..<width { score += asked[column] * offered[column] }
                let logit = logits + row * vocabulary + Int(copies.pieces[index].token)
                // log(exp a + exp b), without overflow
                let (high, low) = (max(logit.pointee, score * scale), min(logit.pointee, score * scale))
                logit.pointee = high + log1p(exp(low - high))
            }
        }
    }

    /// A name is copied whole and once: its first piece where it was not said, each other behind the one before it.
    private static func mayCopy(_ index: Int, of pieces: [ThingPiece], after tokens: [Int32]) -> Bool {
        let piece = pieces[index]
        return piece.place > 0 ? tokens.last == pieces[index - 1].token : !tokens.contains(piece.token)
    }
}
