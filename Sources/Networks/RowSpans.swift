/// Inputs of different lengths one below the other in one matrix, without padding: where the rows of each are. Matrix
/// products run over all rows at once, attention within each input, so that no input's result depends on the others.
struct RowSpans: Sendable {
    /// The rows of each input, one after the other.
    let spans: [Range<Int>]
    /// All rows.
    let total: Int

    init(_ counts: [Int]) {
        var next = 0
        spans = counts.map { count in
            defer { next += count }
            return next..<next + count
        }
        total = next
    }

    /// Neighbours that are computed at once: as many as have at most `most` rows together, and at least one.
    /// - Parameter counts: the rows of each input.
    static func batches(_ counts: [Int], atMost most: Int) -> [Range<Int>] {
        var batches: [Range<Int>] = []
        var first = 0
        while first < counts.count {
            var last = first
            var rows = 0
            repeat {
                rows += counts[last]
                last += 1
            } while last < counts.count && rows + counts[last] <= most
            batches.append(first..<last)
            first = last
        }
        return batches
    }
}
