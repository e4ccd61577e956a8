import Synchronization
import Testing

@testable import Service

@Suite struct MemoryBudgetTests {
    @Test func `more than the budget is not reserved, and what is released can be again`() throws {
        let budget = MemoryBudget(limit: 800)
        let first = try #require(budget.reserve(500, for: "a"))
        #expect(budget.reserve(201, for: "a") == nil)
        let second = try #require(budget.reserve(200, for: "a"))
        #expect(budget.reserved == 700)
        first.release()
        first.release()
        #expect(budget.reserved == 200)
        #expect(second.grow(by: 500))
        #expect(!second.grow(by: 1))
        second.shrink(to: 10)
        #expect(budget.reserved == 10)
        second.shrink(to: 50)
        #expect(second.bytes == 10)
        #expect(second.grow(to: 5) && second.bytes == 10)
        #expect(second.grow(to: 20) && second.bytes == 20)
    }

    @Test func `a reservation that nothing refers to gives its bytes back`() {
        let budget = MemoryBudget(limit: 100)
        do {
            let reservation = budget.reserve(70, for: "a")
            #expect(reservation?.bytes == 70)
        }
        #expect(budget.reserved == 0)
    }

    @Test(arguments: [-1, Int.min, Int.max])
    func `a senseless amount is not reserved`(bytes: Int) {
        let budget = MemoryBudget(limit: 100)
        #expect(budget.reserve(bytes, for: "a") == nil)
        #expect(budget.reserve(1, for: "a")?.grow(by: bytes) == false)
        #expect(budget.reserved == 0)
    }

    @Test func `whoever holds what is taken back is told so once, and has nothing then`() throws {
        let budget = MemoryBudget(limit: 800)
        let told = Atomic(0)
        let large = try #require(budget.reserve(700, for: "a"))
        large.offer { told.add(1, ordering: .relaxed) }
        let small = try #require(budget.reserve(200, for: "b"))
        #expect(told.load(ordering: .relaxed) == 1)
        #expect(budget.reserved == 200)
        #expect(large.bytes == 0)
        #expect(!large.grow(by: 1))
        #expect(!large.settle())
        #expect(small.settle())
    }

    @Test func `what is worked with is not taken back`() throws {
        let budget = MemoryBudget(limit: 800)
        let large = try #require(budget.reserve(700, for: "a"))
        large.offer { Issue.record("it was taken back") }
        #expect(large.settle())
        #expect(budget.reserve(200, for: "b") == nil)
        #expect(large.bytes == 700)
    }

    @Test func `many threads together never pass the bound and leave nothing behind`() async {
        let budget = MemoryBudget(limit: 1000)
        let isHeld = await withTaskGroup(of: Bool.self) { group in
            for seed in 1...8 {
                group.addTask {
                    var isHeld = true
                    for index in 0..<2000 {
                        let reservation = budget.reserve((index * seed) % 400, for: seed % 2 == 0 ? "a" : "b")
                        reservation?.offer {}
                        isHeld = isHeld && budget.reserved <= 1000
                        if index % 3 == 0 { _ = reservation?.grow(by: 5) }
                        if index % 5 == 0 { _ = reservation?.settle() }
                    }
                    return isHeld
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(isHeld)
        #expect(budget.reserved == 0)
    }
}
