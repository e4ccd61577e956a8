import Checkpoint
import Tensor

/// Self-attention (Vaswani et al. 2017, 3.2) over sequences that stand one below the other, each by itself:
///
///     output(softmax(q · kᵀ / √head) · v)
///
/// One product makes the queries, keys and values of all rows, side by side: [rows, q|k|v].
struct SelfAttention: Sendable {
    /// What a family calls the tensors.
    struct Names: Sendable {
        /// The maps to queries, keys and values, or one that is all three.
        let projections: [String]
        let output: String
        /// Those of them that have no bias.
        var unbiased: Set<String> = []

        init(query: String, key: String, value: String, output: String, unbiased: Set<String> = []) {
            projections = [query, key, value]
            self.output = output
            self.unbiased = unbiased
        }

        /// Where the file has queries, keys and values stacked.
        init(queryKeyValue: String, output: String) {
            projections = [queryKeyValue]
            self.output = output
        }
    }

    private let width: Int
    private let queryKeyValue: Linear
    private let output: Linear
    private let shape: AttentionShape

    /// Reads the tensors: maps of `width` channels each.
    init(_ weights: Weights, _ names: Names, width: Int, heads: Int) {
        self.width = width
        queryKeyValue = weights.linear(
            stacking: names.projections, width, 3 * width / names.projections.count, unbiased: names.unbiased)
        output = weights.linear(names.output, width, width, bias: !names.unbiased.contains(names.output))
        shape = weights.made(
            AttentionShape(
                heads: heads, headWidth: width / heads, queryStride: 3 * width, keyStride: 3 * width,
                valueStride: 3 * width), orElse: .standIn)
    }

    /// x [rows, width] → y [rows, width] = output(attention(x)) + residual.
    /// - Parameters:
    ///   - seen: for each sequence the rows of it that all of its rows see; nil for all of them.
    ///   - isCausal: whether a row sees itself and those before it alone.
    ///   - bias: what is added to the scores of the sequence of a number.
    ///   - queryKeyValue: [rows, 3 · width], overwritten.
    ///   - mixed: [rows, width], overwritten; may be x, where that is not the residual.
    ///   - y: may be the residual, or `queryKeyValue`.
    func apply(
        _ x: UnsafePointer<Float>, _ rows: RowSpans, seen: [Range<Int>]? = nil, isCausal: Bool = false,
        bias: (Int) -> AttentionBias? = { _ in nil }, queryKeyValue wide: UnsafeMutablePointer<Float>,
        mixed: UnsafeMutablePointer<Float>, residual: UnsafePointer<Float>? = nil,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        queryKeyValue.apply(x, rows: rows.total, into: wide, pool: pool)
        let sequences = rows.spans.enumerated().map { index, span in
            let start = wide + span.lowerBound * 3 * width
            let keys = seen?[index] ?? 0..<span.count
            let first = start + keys.lowerBound * 3 * width
            return AttentionSequence(
                query: start, queryRows: span.count, keys: first + width, values: first + 2 * width,
                keyRows: keys.count, causalOffset: isCausal ? 0 : nil, into: mixed + span.lowerBound * width,
                bias: bias(index))
        }
        attention(sequences, shape, pool: pool)
        output.apply(mixed, rows: rows.total, residual: residual, into: y, pool: pool)
    }

    /// The same of one sequence, some queries at a time: biases of all of them might be too large to be there at once.
    /// - Parameter inBlocks: gives its argument each range of queries, and what is added to their scores.
    func apply(
        _ x: UnsafePointer<Float>, rows: Int, queryKeyValue wide: UnsafeMutablePointer<Float>,
        mixed: UnsafeMutablePointer<Float>, residual: UnsafePointer<Float>? = nil,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool,
        inBlocks: (_ attend: (Range<Int>, AttentionBias) -> Void) -> Void
    ) {
        queryKeyValue.apply(x, rows: rows, into: wide, pool: pool)
        inBlocks { queries, bias in
            let block = AttentionSequence(
                query: wide + queries.lowerBound * 3 * width, queryRows: queries.count, keys: wide + width,
                values: wide + 2 * width, keyRows: rows, into: mixed + queries.lowerBound * width, bias: bias)
            attention([block], shape, pool: pool)
        }
        output.apply(mixed, rows: rows, residual: residual, into: y, pool: pool)
    }
}
