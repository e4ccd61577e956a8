/// The tokens of a piece while pairs of them are merged (tokenizers, `models/bpe/word.rs`): a list with links, and a heap
/// of the merges that may be made, so that n tokens cost n log n.
struct MergedWord {
    private struct Symbol {
        var id: Int32
        /// Places of the neighbours, -1 for none.
        var previous: Int32
        var next: Int32
        /// Whether it went into the symbol before it.
        var isGone = false
    }

    private struct Candidate {
        var rank: UInt32
        var place: Int32
        var id: Int32

        func precedes(_ other: Candidate) -> Bool {
            rank != other.rank ? rank < other.rank : place < other.place
        }
    }

    private var symbols: [Symbol] = []
    private var heap: [Candidate] = []

    mutating func removeAll() {
        symbols.removeAll(keepingCapacity: true)
        heap.removeAll(keepingCapacity: true)
    }

    mutating func append(_ id: Int32) {
        let place = Int32(symbols.count)
        if place > 0 { symbols[Int(place) - 1].next = place }
        symbols.append(Symbol(id: id, previous: place - 1, next: -1))
    }

    func appendIDs(to ids: inout [Int32]) {
        for symbol in symbols where !symbol.isGone { ids.append(symbol.id) }
    }

    mutating func merge(_ merges: MergeTable) {
        if symbols.count < 2 { return }
        for place in 0..<symbols.count - 1 { offer(place, merges) }
        while let best = pop() {
            let place = Int(best.place)
            let symbol = symbols[place]
            if symbol.isGone || symbol.next < 0 { continue }
            let right = symbols[Int(symbol.next)]
            // A candidate that a neighbour's merge has made void.
            guard merges.merge(symbol.id, right.id)?.id == best.id else { continue }
            symbols[Int(symbol.next)].isGone = true
            symbols[place].id = best.id
            symbols[place].next = right.next
            if right.next >= 0 { symbols[Int(right.next)].previous = best.place }
            if symbol.previous >= 0 { offer(Int(symbol.previous), merges) }
            offer(place, merges)
        }
    }

    /// Puts the merge of the symbol at `place` with the next one into the heap, if it may be made.
    private mutating func offer(_ place: Int, _ merges: MergeTable) {
        let next = symbols[place].next
        guard next >= 0, let merge = merges.merge(symbols[place].id, symbols[Int(next)].id) else { return }
        heap.append(Candidate(rank: merge.rank, place: Int32(place), id: merge.id))
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Candidate? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return first }
        heap[0] = last
        var parent = 0
        while 2 * parent + 1 < heap.count {
            var child = 2 * parent + 1
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            if !heap[child].precedes(heap[parent]) { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return first
    }
}
