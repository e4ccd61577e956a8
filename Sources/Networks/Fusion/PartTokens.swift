import Tensor

/// The tokens of one part of the items of a batch within a head, those of the items that have it one below the other.
struct PartTokens {
    private let width: Int
    /// [rows, width]; nil where no item has the part.
    private let values: FloatBuffer?
    /// Where each item's rows are; nil for an item without the part.
    private let spans: [Range<Int>?]
    private let means: [[Float]?]
    /// What the part says of each item alone: what `HeadInput.pool` made of it.
    let pooled: [[Float]?]
    private let input: HeadInput

    /// What `input` makes of the part of each item, nil for an item without it.
    init(_ items: [TowerTokens?], _ input: HeadInput, width: Int, workspace: Workspace, pool: ComputePool) {
        self.width = width
        self.input = input
        let there = items.compactMap(\.self)
        guard !there.isEmpty else {
            (values, spans, means, pooled) = (
                nil, items.map { _ in nil }, items.map { _ in nil }, items.map { _ in nil }
            )
            return
        }
        let rows = RowSpans(there.map(input.count))
        let x = FloatBuffer(count: rows.total * width)
        let wideCount = input.wideCount(rows: rows.total)
        workspace.begin(rows.total * width, wideCount)
        let normed = workspace.take(rows.total * width)
        let wide = workspace.take(wideCount)
        input.apply(there, rows, into: x.pointer, normed: normed, wide: wide, pool: pool)
        var next = rows.spans.makeIterator()
        let spans = items.map { $0 == nil ? nil : next.next() }
        values = x
        self.spans = spans
        means = spans.map { $0.map { meanOfRows(x.pointer + $0.lowerBound * width, rows: $0.count, width: width) } }
        pooled = spans.map { $0.map { input.pool(x.pointer + $0.lowerBound * width, rows: $0.count) } }
    }

    /// Whether the item has the part.
    func has(_ item: Int) -> Bool { spans[item] != nil }

    /// The tokens of an item; 0 without the part.
    func count(of item: Int) -> Int { spans[item]?.count ?? 0 }

    /// The mean of an item's tokens; nil without the part.
    func mean(of item: Int) -> [Float]? { means[item] }

    /// What `use` makes, for each token of an item, of the mean of its other tokens and what the part says alone by them; it gets no
    /// more than `atOnce` at a time. Empty for fewer than two tokens.
    func withoutEach<Value>(
        of item: Int, atOnce: Int, _ use: ([(mean: [Float], pooled: [Float])]) -> [Value]
    ) -> [Value] {
        guard let span = spans[item], span.count > 1, let values else { return [] }
        return input.poolWithoutEach(
            values.pointer + span.lowerBound * width, rows: span.count, atOnce: atOnce, use)
    }

    /// For each of `items` its tokens of all `parts`, copied one below the other.
    static func gather(_ parts: [PartTokens], _ items: [Int]) -> (FloatBuffer, RowSpans) {
        let rows = RowSpans(items.map { item in parts.reduce(0) { $0 + $1.count(of: item) } })
        let width = parts[0].width
        let copy = FloatBuffer(count: rows.total * width)
        var next = copy.pointer
        for item in items {
            for part in parts {
                guard let span = part.spans[item], let values = part.values else { continue }
                next.update(from: values.pointer + span.lowerBound * width, count: span.count * width)
                next += span.count * width
            }
        }
        return (copy, rows)
    }
}
