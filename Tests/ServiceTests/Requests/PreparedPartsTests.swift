import Testing

@testable import Service

@Suite struct `Prepared parts` {
    private struct Failure: Error, Equatable {
        let part: Int
    }

    private static func parts(_ names: [Int]) -> [TakenParts] {
        names.map { part in
            var taken = TakenParts()
            taken.inputs["\(part)"] = .features(tokens: 1, values: [Float(part)])
            taken.understood = [.features(name: "\(part)", tokens: 1, width: 1)]
            return taken
        }
    }

    @Test func `stand in the request's order, whichever was prepared first`() throws {
        let parts = PreparedParts(3) { Self.parts([0, 1, 2])[$0] }
        for index in [2, 0] { parts.prepare(index) }
        let joined = try parts.joined()
        #expect(joined.understood == (0..<3).map { .features(name: "\($0)", tokens: 1, width: 1) })
        #expect(joined.inputs.keys.sorted() == ["0", "1", "2"])
    }

    @Test func `the first part's error counts, not the first that was noticed`() {
        let parts = PreparedParts(3) { index in
            if index > 0 { throw Failure(part: index) }
            return TakenParts()
        }
        for index in [2, 1, 0] { parts.prepare(index) }
        #expect(throws: Failure(part: 1)) { try parts.joined() }
    }

    @Test func `a part for which another of the request left no memory is prepared after it`() throws {
        let budget = MemoryBudget(limit: 16)
        let parts = PreparedParts(2) { _ in
            guard let held = budget.reserve(8, for: "a") else { throw Problem.memoryIsFull(budget) }
            held.shrink(to: 1)
            var taken = TakenParts()
            taken.memory = [held]
            return taken
        }
        let other = try #require(budget.reserve(8, for: "a"))
        parts.prepare(1)
        other.release()
        #expect(try parts.joined().memory.map(\.bytes) == [1, 1])
    }
}
