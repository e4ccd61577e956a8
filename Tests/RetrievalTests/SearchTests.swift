import Glibc
import JSON
import TemporaryFolders
import Tensor
import Testing

@testable import Retrieval

@Suite struct `Exact search` {
    /// An index of random vectors with ids "0", "1", …
    private func index(_ count: Int, _ dimension: Int, seed: UInt64 = 1) throws -> (VectorIndex, [[Float]]) {
        let index = VectorIndex(dimension: dimension)
        var samples = Samples(seed: seed)
        let vectors = try (0..<count).map { _ in try Item.unit(samples.vector(dimension)) }
        for (number, vector) in vectors.enumerated() { put(index, "\(number)", vector) }
        return (index, vectors)
    }

    private func put(_ index: VectorIndex, _ id: String, _ vector: [Float], _ metadata: JSONObject = JSONObject()) {
        vector.withUnsafeBufferPointer {
            index.put(ItemID(stored: id), $0, fingerprints: MetadataFilter.fingerprints(of: metadata), checksum: 0)
        }
    }

    private func query(_ vector: [Float], top: Int, _ filter: JSONObject? = nil) throws -> VectorIndex.Query {
        VectorIndex.Query(vector: try Item.unit(vector), top: top, filter: filter.map { MetadataFilter($0) })
    }

    @Test(arguments: [(1, 1), (5, 3), (1023, 16), (1024, 17), (3000, 256)])
    func `finds what comparing with each vector finds`(count: Int, dimension: Int) throws {
        let (index, vectors) = try index(count, dimension)
        var samples = Samples(seed: 2)
        let pool = ComputePool(threads: 2)
        for top in [1, 10, 5000] {
            let query = try query(samples.vector(dimension), top: top)
            let scores = vectors.map { zip($0, query.vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
            let hits = index.search([query], pool: pool)[0]
            #expect(hits.count == min(top, count))
            let best = scores.sorted(by: >)
            for (rank, hit) in hits.enumerated() {
                let exact = scores[try #require(Int(hit.id.text))]
                #expect(abs(Double(hit.score) - exact) < 1e-5)
                #expect(abs(exact - best[rank]) < 1e-5)
            }
            #expect(Set(hits.map(\.id)).count == hits.count)
        }
    }

    @Test func `hits have their vectors where those are asked for`() throws {
        let (index, vectors) = try index(1500, 20)
        let query = try query(vectors[1100], top: 3)
        let asked = VectorIndex.Query(vector: query.vector, top: 3, filter: nil, keepsVectors: true)
        let hits = index.search([query, asked], pool: ComputePool(threads: 2))
        #expect(hits[0].allSatisfy { $0.vector == nil })
        #expect(hits[1].map(\.id) == hits[0].map(\.id))
        for hit in hits[1] { #expect(hit.vector == vectors[try #require(Int(hit.id.text))]) }
    }

    @Test func `hits do not depend on threads, company or the order of insertion`() throws {
        let (index, vectors) = try index(5000, 40)
        let other = VectorIndex(dimension: 40)
        for number in vectors.indices.reversed() { put(other, "\(number)", vectors[number]) }
        var samples = Samples(seed: 3)
        let queries = try (0..<9).map { try query(samples.vector(40), top: 3 + $0 * 10) }
        let alone = queries.map { index.search([$0], pool: ComputePool(threads: 1))[0] }
        for threads in 1...3 {
            for index in [index, other] {
                let together = index.search(queries, pool: ComputePool(threads: threads))
                for (a, b) in zip(alone, together) {
                    #expect(a.map(\.id) == b.map(\.id))
                    #expect(a.map(\.score) == b.map(\.score))
                }
            }
        }
    }

    @Test func `of equal scores the smaller id comes first`() throws {
        let index = VectorIndex(dimension: 2)
        for number in [7, 3, 9, 1, 5, 8, 2] { put(index, "\(number)", [0, 1]) }
        let hits = index.search([try query([0, 1], top: 4)], pool: ComputePool(threads: 1))[0]
        #expect(hits.map(\.id.text) == ["1", "2", "3", "5"])
    }

    @Test func `an index after many changes answers as one made anew`() throws {
        let index = VectorIndex(dimension: 8)
        var expected: [String: [Float]] = [:]
        var samples = Samples(seed: 4)
        for _ in 0..<6000 {
            let id = "\(samples.number(below: 2500))"
            if samples.number(below: 3) == 0 {
                index.remove(ItemID(stored: id))
                expected[id] = nil
            } else {
                let vector = try Item.unit(samples.vector(8))
                put(index, id, vector)
                expected[id] = vector
            }
        }
        let fresh = VectorIndex(dimension: 8)
        for (id, vector) in expected { put(fresh, id, vector) }
        #expect(index.count == expected.count)
        let query = try query(samples.vector(8), top: 3000)
        let pool = ComputePool(threads: 2)
        let (a, b) = (index.search([query], pool: pool)[0], fresh.search([query], pool: pool)[0])
        #expect(a.map(\.id) == b.map(\.id))
        #expect(a.map(\.score) == b.map(\.score))
        for id in expected.keys { index.remove(ItemID(stored: id)) }
        #expect(index.count == 0)
        #expect(index.search([query], pool: pool)[0].isEmpty)
    }

    @Test func `a filter admits what has each of its members`() throws {
        let index = VectorIndex(dimension: 2)
        for number in 0..<3000 {
            put(
                index, "\(number)", [0, 1],
                object(["n": .integer(number % 100), "even": .boolean(number % 2 == 0), "text": .string("x")]))
        }
        let pool = ComputePool(threads: 2)
        func found(_ filter: JSONObject) throws -> [Int] {
            index.search([try query([0, 1], top: 1000, filter)], pool: pool)[0].compactMap { Int($0.id.text) }
        }
        #expect(try found(object(["n": .integer(42)])).sorted() == (0..<30).map { 42 + $0 * 100 })
        #expect(try found(object(["n": .number(42), "even": .boolean(true)])).count == 30)
        #expect(try found(object(["n": .integer(42), "even": .boolean(false)])).isEmpty)
        #expect(try found(object(["N": .integer(42)])).isEmpty)
        #expect(try found(object([:])).count == 1000)
    }

    private static func decimal(_ text: String) -> JSONValue { (try? JSONValue(parsing: text)) ?? .null }

    private static let comparisons: [(JSONValue, JSONValue, Bool)] = [
        (.integer(1), .number(1), true), (.integer(1), .boolean(true), false), (.integer(1), .string("1"), false),
        (.null, .null, true), (.number(0.1), .number(0.1), true), (.number(0.1), .number(0.1000000001), false),
        (.array([.integer(1), .integer(2)]), .array([.number(1), .integer(2)]), true),
        (.array([.integer(1), .integer(2)]), .array([.integer(2), .integer(1)]), false),
        (
            .object(object(["a": .integer(1), "b": .null])), .object(object(["b": .null, "a": .number(1)])), true
        ),
        (.string("\u{E9}"), .string("e\u{301}"), false),
        (decimal("18446744073709551615"), decimal("18446744073709551615.0"), true),
        (decimal("18446744073709551615"), decimal("18446744073709551614"), false),
        (decimal("18446744073709551615"), .number(0x1p64), false),
        (decimal("9007199254740993.0"), .integer(9_007_199_254_740_993), true),
        (decimal("9007199254740993.0"), .number(0x1p53), false), (.string("1e0"), .integer(1), false),
    ]

    @Test(arguments: comparisons)
    func `values are equal as JSON has it`(a: JSONValue, b: JSONValue, areEqual: Bool) {
        let (metadata, wanted) = (object(["v": a]), object(["v": b]))
        #expect(MetadataFilter(wanted).admits(metadata) == areEqual)
        let covers = MetadataFilter.covers(
            MetadataFilter.fingerprints(of: metadata), MetadataFilter.fingerprints(of: wanted))
        #expect(covers == areEqual)
    }

    @Test func `searches of a store beside writers see every item they must`() async throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<50 {
                        let vector: [Float] = [Float(writer + 1), Float(number + 1)]
                        _ = try await store.put(
                            item("\(writer)-\(number)", vector, ["writer": .integer(writer)]), into: "c", from: client)
                        let hits = try await store.search(
                            "c", vector, from: client, top: 1000,
                            filter: MetadataFilter(object(["writer": .integer(writer)])))
                        #expect(hits.count == number + 1)
                        #expect(abs(hits[0].score - 1) < 1e-6)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.collection("c").items == 200)
    }

    @Test(arguments: [nil, MetadataFilter(object(["tenant": .integer(1)]))])
    func `what always matches is found while better items come and go`(filter: MetadataFilter?) async throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let tenant: KeyValuePairs<String, JSONValue> = ["tenant": .integer(1)]
        _ = try await store.put(item("fixed", [0.6, 0.8], tenant), into: "c", from: client)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    for _ in 0..<60 {
                        let id = "best\(writer)"
                        _ = try await store.put(item(id, [1, 0], tenant), into: "c", from: client)
                        if filter == nil {
                            try await store.remove(ItemID(stored: id), from: "c")
                        } else {
                            _ = try await store.put(item(id, [0, 1], ["tenant": .integer(2)]), into: "c", from: client)
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<300 {
                        let hits = try await store.search("c", [1, 0], from: client, top: 1, filter: filter)
                        #expect(hits.count == 1)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a hit's score and metadata are of one version of its item`() async throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        @Sendable func write(_ version: Int) async throws {
            let angle = Float(version) / 1000
            let vector = [cosf(angle), sinf(angle)]
            _ = try await store.put(item("same", vector, ["version": .integer(version)]), into: "c", from: client)
        }
        try await write(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 1...2 {
                group.addTask { for round in 0..<100 { try await write(writer + 10 * round) } }
                group.addTask {
                    for _ in 0..<300 {
                        let hit = try #require(
                            try await store.search("c", [1, 0], from: client, top: 1, keepsVectors: true).first)
                        guard case .integer(let version)? = hit.item.metadata["version"] else {
                            Issue.record("the version is gone")
                            return
                        }
                        #expect(abs(hit.score - cosf(Float(version) / 1000)) < 1e-6)
                        #expect(hit.vector?[0] == hit.score)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a collection is found whole while another takes its place`() async throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        @Sendable func fill(_ name: String) async throws {
            for number in 0..<3 { _ = try await store.put(item("\(number)", [1, 0]), into: name, from: client) }
        }
        try await fill("c")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<30 {
                    try await fill("next")
                    try await store.replace("c", with: "next")
                }
            }
            group.addTask {
                for _ in 0..<300 {
                    let hits = try await store.search("c", [1, 0], from: client, top: 9)
                    let items = try await store.items(of: "c", after: "", limit: 9)
                    let item = try await store.item(ItemID(stored: "2"), of: "c")
                    #expect(hits.count == 3 && items.count == 3 && item.vector == [1, 0])
                }
            }
            try await group.waitForAll()
        }
    }
}
