import Checkpoint
import Tensor

/// The vectors of phrases in the joint space, one of length 1 in each row: what a vector is about is said by the phrase
/// nearest to it.
public final class ConceptMatrix: Sendable {
    private let count: Int
    private let dimensions: Int
    private let rows: [Float]  // [count, width of DotProducts]

    /// Reads the tensor `name` [phrases, dimensions].
    public init(_ weights: Weights, _ name: String, count: Int, dimensions: Int) {
        self.count = count
        self.dimensions = dimensions
        let values = weights.floats(name, [count, dimensions])
        guard weights.isSound else {
            rows = []
            return
        }
        // Stored in half precision, in which a length of 1 is off by some ten thousandths.
        let stored = FloatBuffer(values)
        for row in 0..<count { normalizeLength(stored.pointer + row * dimensions, count: dimensions) }
        rows = Self.padded(stored.elements, rows: count, dimensions: dimensions)
    }

    /// For each vector of length 1 the row nearest to it by cosine, of several equal ones the first, and that cosine; on the
    /// calling thread. Vectors of other dimensions are the caller's mistake and stop the program.
    public func nearest(to vectors: [[Float]]) -> [(row: Int, score: Float)] {
        guard !vectors.isEmpty else { return [] }
        precondition(vectors.allSatisfy { $0.count == dimensions }, "a vector is not of \(dimensions) dimensions")
        let queries = Self.padded(vectors.flatMap(\.self), rows: vectors.count, dimensions: dimensions)
        let scores = [Float](unsafeUninitializedCapacity: vectors.count * count) { scores, initialized in
            // There are vectors and rows, so that there is a base address; both have rows of the padded width.
            if let base = scores.baseAddress {
                DotProducts.apply(
                    rows, rowCount: count, queries: queries, queryCount: vectors.count,
                    width: DotProducts.width(for: dimensions), into: base, scoresStride: count)
            }
            initialized = vectors.count * count
        }
        return vectors.indices.map { vector in
            let row = indexOfLargest(Array(scores[vector * count..<(vector + 1) * count]))
            return (row, scores[vector * count + row])
        }
    }

    /// Rows of `dimensions` numbers with zeros behind each, as `DotProducts` wants them.
    private static func padded(_ values: [Float], rows: Int, dimensions: Int) -> [Float] {
        let width = DotProducts.width(for: dimensions)
        var padded = [Float](repeating: 0, count: rows * width)
        for row in 0..<rows {
            for column in 0..<dimensions { padded[row * width + column] = values[row * dimensions + column] }
        }
        return padded
    }
}
