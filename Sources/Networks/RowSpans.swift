/// Inputs of different lengths one below the other in one matrix, without padding: where the rows of each are. Matrix
/// products run over all rows at once, attention within each input, so that no input's result depends on the others.
struct RowSpans {
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
}
