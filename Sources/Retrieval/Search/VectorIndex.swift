import Synchronization
import Tensor

/// The vectors of one collection in memory, searched exactly. Threads may call at once; a change waits for a search that
/// runs, and the other way round.
public final class VectorIndex: Sendable {
    /// Rows of one block. A block is read by one thread, and small enough for its scores to stay in the cache.
    static let blockRows = 1024

    private struct State {
        /// [blockRows, width] each; the last is filled in part.
        var blocks: [VectorBlock] = []
        /// Row by row, block after block.
        var ids: [ItemID] = []
        /// What the filter looks at.
        var fingerprints: [[UInt64]] = []
        /// What tells the versions of an item apart.
        var checksums: [Int] = []
        var slots: [ItemID: Int] = [:]
    }

    private let dimension: Int
    private let width: Int
    private let state = Mutex(State())

    /// An index of vectors of length `dimension`.
    public init(dimension: Int) {
        self.dimension = dimension
        width = DotProducts.width(for: dimension)
    }

    /// How many items there are.
    public var count: Int { state.withLock(\.ids.count) }

    /// Whether there is an item with that id.
    func contains(_ id: ItemID) -> Bool { state.withLock { $0.slots[id] != nil } }

    /// Adds an item, or takes the place of the one with its id.
    ///
    /// - Parameters:
    ///   - vector: of length 1, `dimension` elements.
    ///   - fingerprints: those of its metadata.
    ///   - checksum: of the item as it is stored, by which its versions are told apart.
    public func put(
        _ id: ItemID, _ vector: UnsafeBufferPointer<Float>, fingerprints: [UInt64], checksum: Int
    ) {
        state.withLock { state in
            let slot: Int
            if let known = state.slots[id] {
                slot = known
                state.fingerprints[slot] = fingerprints
                state.checksums[slot] = checksum
            } else {
                slot = state.ids.count
                if slot % Self.blockRows == 0 { state.blocks.append(VectorBlock(floats: Self.blockRows * width)) }
                state.ids.append(id)
                state.fingerprints.append(fingerprints)
                state.checksums.append(checksum)
                state.slots[id] = slot
            }
            let row = row(slot, state)
            for (i, value) in vector.enumerated() { row[i] = value }
        }
    }

    /// Removes an item; the last one takes its row.
    public func remove(_ id: ItemID) {
        state.withLock { state in
            guard let slot = state.slots.removeValue(forKey: id) else { return }
            let last = state.ids.count - 1
            if slot != last {
                row(slot, state).update(from: row(last, state), count: width)
                state.ids[slot] = state.ids[last]
                state.fingerprints[slot] = state.fingerprints[last]
                state.checksums[slot] = state.checksums[last]
                state.slots[state.ids[slot]] = slot
            }
            state.ids.removeLast()
            state.fingerprints.removeLast()
            state.checksums.removeLast()
            if last % Self.blockRows == 0 { state.blocks.removeLast() }
        }
    }

    private func row(_ slot: Int, _ state: borrowing State) -> UnsafeMutablePointer<Float> {
        state.blocks[slot / Self.blockRows].floats + slot % Self.blockRows * width
    }

    /// One question to the index.
    public struct Query: Sendable {
        let vector: [Float]
        let top: Int
        let filter: MetadataFilter?
        let keepsVectors: Bool

        /// A question.
        /// - Parameters:
        ///   - vector: of length 1, as many elements as the index has.
        ///   - top: how many hits at most.
        ///   - filter: what the hits must have.
        ///   - keepsVectors: whether the answer should have the vectors of the hits.
        public init(vector: [Float], top: Int, filter: MetadataFilter?, keepsVectors: Bool = false) {
            self.vector = vector
            self.top = top
            self.filter = filter
            self.keepsVectors = keepsVectors
        }
    }

    /// An item that was found.
    public struct Match: Sendable, Equatable {
        /// The item's id.
        public let id: ItemID
        /// The cosine of the angle between the vectors, -1 to 1.
        public let score: Float
        /// The item's vector, of length 1; nil unless it was asked for.
        public let vector: [Float]?
        /// The checksum that the item was put with.
        let checksum: Int
    }

    /// The best items for each query, best first, in one pass over the vectors. The hits of a query do not depend on the
    /// others, nor on the number of threads.
    public func search(_ queries: [Query], pool: ComputePool) -> [[Match]] {
        let packed = FloatBuffer(count: queries.count * width)
        for (number, query) in queries.enumerated() {
            for (i, value) in query.vector.enumerated() { packed.pointer[number * width + i] = value }
        }
        return state.withLock { state in
            let pass = SearchPass(
                queries: queries, packed: packed.pointer, width: width, blocks: state.blocks, ids: state.ids,
                fingerprints: state.fingerprints)
            let lanes = (0..<pool.threadCount).map { _ in SearchLane(queries) }
            // Each thread works on the lane of its number, and nobody else does before they are merged.
            nonisolated(unsafe) let shared = (pass, lanes)
            pool.parallelFor(state.blocks.count) { thread, blocks in
                for block in blocks { shared.0.run(block: block, on: shared.1[thread]) }
            }
            return queries.indices.map { query in
                var best = lanes.flatMap { $0.best[query].hits }
                best.sort { TopHits.isBetter($0, $1, state.ids) }
                let keepsVectors = queries[query].keepsVectors
                return best.prefix(queries[query].top).map { hit in
                    // Rows are `width` wide, of which the first `dimension` elements are the vector.
                    let vector = UnsafeBufferPointer(start: row(hit.slot, state), count: dimension)
                    return Match(
                        id: state.ids[hit.slot], score: hit.score, vector: keepsVectors ? Array(vector) : nil,
                        checksum: state.checksums[hit.slot])
                }
            }
        }
    }

    /// The sum of every value, by as many threads as search: the least time in which the vectors can be read.
    public func readEverything(pool: ComputePool) -> Float {
        state.withLock { state in
            let blocks = state.blocks
            let sums = FloatBuffer(count: pool.threadCount * 16)
            // Each thread adds to the sum of its number.
            nonisolated(unsafe) let pointer = sums.pointer
            let count = Self.blockRows * width
            pool.parallelFor(blocks.count) { thread, range in
                for block in range { pointer[thread * 16] += DotProducts.sum(blocks[block].floats, count: count) }
            }
            return sums.elements.reduce(0, +)
        }
    }
}

/// Memory of one block of rows, in pages of its own, so that it goes back to the system at once.
///
/// Unchecked, since the compiler cannot see that the rows are read and written under the lock of their index alone.
final class VectorBlock: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>

    /// Zeros.
    init(floats count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 4096)
        floats = raw.bindMemory(to: Float.self, capacity: count)
        floats.initialize(repeating: 0, count: count)
    }

    deinit { floats.deallocate() }
}

/// What one thread keeps while it searches.
private final class SearchLane {
    /// For each query.
    var best: [TopHits]
    /// [queries, blockRows]
    let scores: FloatBuffer

    init(_ queries: [VectorIndex.Query]) {
        best = queries.map { TopHits(capacity: $0.top) }
        scores = FloatBuffer(count: queries.count * VectorIndex.blockRows)
    }
}

/// One pass over the vectors.
private struct SearchPass {
    let queries: [VectorIndex.Query]
    /// [queries, width]
    let packed: UnsafePointer<Float>
    let width: Int
    let blocks: [VectorBlock]
    let ids: [ItemID]
    let fingerprints: [[UInt64]]

    func run(block: Int, on lane: SearchLane) {
        let first = block * VectorIndex.blockRows
        let rows = min(VectorIndex.blockRows, ids.count - first)
        DotProducts.apply(
            blocks[block].floats, rowCount: rows, queries: packed, queryCount: queries.count, width: width,
            into: lane.scores.pointer, scoresStride: VectorIndex.blockRows)
        for query in queries.indices {
            take(first, rows, lane.scores.pointer + query * VectorIndex.blockRows, query, lane)
        }
    }

    private func take(_ first: Int, _ rows: Int, _ scores: UnsafePointer<Float>, _ query: Int, _ lane: SearchLane) {
        let wanted = queries[query].filter?.fingerprints ?? []
        var threshold = lane.best[query].threshold
        for row in 0..<rows where scores[row] >= threshold {
            // Only what would be a hit is held against the filter.
            guard wanted.isEmpty || MetadataFilter.covers(fingerprints[first + row], wanted) else { continue }
            lane.best[query].offer(TopHits.Hit(score: scores[row], slot: first + row), ids)
            threshold = lane.best[query].threshold
        }
    }
}
