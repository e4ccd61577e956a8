/// The best of many scored rows: a heap with the worst at its root. Higher scores are better; of equal ones the smaller id,
/// so that the best are the same in whatever order the rows come.
struct TopHits {
    /// A row and its score.
    struct Hit {
        let score: Float
        let slot: Int
    }

    private let capacity: Int
    private(set) var hits: [Hit] = []

    init(capacity: Int) {
        self.capacity = capacity
        hits.reserveCapacity(min(capacity, 1024))
    }

    /// The score below which nothing is taken any more.
    var threshold: Float { hits.count < capacity ? -.infinity : hits[0].score }

    /// Takes a row if it is among the best so far.
    mutating func offer(_ hit: Hit, _ ids: [ItemID]) {
        if hits.count < capacity {
            hits.append(hit)
            rise(ids)
        } else if Self.isBetter(hit, hits[0], ids) {
            hits[0] = hit
            sink(ids)
        }
    }

    /// The order of an answer.
    static func isBetter(_ a: Hit, _ b: Hit, _ ids: [ItemID]) -> Bool {
        a.score != b.score ? a.score > b.score : ids[a.slot] < ids[b.slot]
    }

    private mutating func rise(_ ids: [ItemID]) {
        var child = hits.count - 1
        while child > 0, Self.isBetter(hits[(child - 1) / 2], hits[child], ids) {
            hits.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func sink(_ ids: [ItemID]) {
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < hits.count && Self.isBetter(hits[worst], hits[child], ids) {
                worst = child
            }
            if worst == parent { return }
            hits.swapAt(parent, worst)
            parent = worst
        }
    }
}
