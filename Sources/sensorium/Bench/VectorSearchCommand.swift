import ArgumentParser
import JSON
import Retrieval
import Tensor

struct VectorSearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Time exact search against only reading the vectors.",
        discussion: """
            Fills an index in memory with random vectors, then takes turns: searches for the best of all, and sums every \
            value with as many threads, which is the least that reading takes. Prints the median of each and their ratio.
            """)

    @Option(help: "Vectors.") var items = 1_000_000
    @Option(help: "Elements of a vector.") var dimensions = 256
    @Option(help: "Queries that share a pass.") var queries = 1
    @Option(help: "Hits of a query.") var top = 10
    @Option(help: "Threads; 0 takes what the cgroup grants.") var threads = 0
    @Option(help: "Timed turns.") var repeats = 21

    func validate() throws {
        guard items > 0, (1...Item.maxDimension).contains(dimensions), queries > 0, top > 0, repeats > 0 else {
            throw ValidationError("Every option must be at least 1, and --dimensions at most \(Item.maxDimension).")
        }
    }

    func run() throws {
        let pool = ComputePool(threads: threads > 0 ? threads : ComputePool.availableThreads())
        var random = LinearCongruence()
        let index = VectorIndex(dimension: dimensions)
        for number in 0..<items {
            guard let id = ItemID("item-\(number)") else { continue }
            vector(&random).withUnsafeBufferPointer { index.put(id, $0, fingerprints: [], checksum: 0) }
        }
        let asked = (0..<queries).map { _ in VectorIndex.Query(vector: vector(&random), top: top, filter: nil) }
        var (search, read): ([Double], [Double]) = ([], [])
        var checksum: Float = 0
        for turn in 0..<repeats + 2 {
            let start = ContinuousClock.now
            let hits = index.search(asked, pool: pool)
            let middle = ContinuousClock.now
            checksum += index.readEverything(pool: pool) + (hits[0].first?.score ?? 0)
            let end = ContinuousClock.now
            // The first two bring the memory in place.
            guard turn >= 2 else { continue }
            search.append(start.duration(to: middle) / .milliseconds(1))
            read.append(middle.duration(to: end) / .milliseconds(1))
        }
        guard checksum.isFinite else { throw CommandFailure.failed("The scores are not finite.") }
        try show(search.sorted(), read.sorted(), pool)
    }

    /// Of length near 1; the time does not depend on it.
    private func vector(_ random: inout LinearCongruence) -> [Float] {
        let scale = (3 / Float(dimensions)).squareRoot()
        return (0..<dimensions).map { _ in random.next() * scale }
    }

    private func show(_ search: [Double], _ read: [Double], _ pool: ComputePool) throws {
        let (searching, reading) = (search[search.count / 2], read[read.count / 2])
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("kernels", KernelSet.best.name)
            json.field("threads", pool.threadCount)
            json.field("items", items)
            json.field("dimensions", dimensions)
            json.field("queries", queries)
            try json.field("search_ms", searching)
            try json.field("read_ms", reading)
            try json.field("ratio", searching / reading)
            try json.field("search_minimum_ms", search[0])
            try json.field("read_minimum_ms", read[0])
            try json.field("read_gigabytes_per_second", Double(items * dimensions * 4) / reading / 1e6)
        }
        try StandardOutput.print(json.text)
    }
}

/// Numbers from -1 to 1, the same in every run (Knuth's MMIX constants). The system's generator would take minutes.
private struct LinearCongruence {
    private var state: UInt64 = 1

    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 23) - 1
    }
}
