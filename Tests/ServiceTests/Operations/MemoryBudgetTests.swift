import Testing

@testable import Service

@Suite struct MemoryBudgetTests {
    @Test func `more than the budget is not reserved, and what is released can be again`() throws {
        let budget = MemoryBudget(limit: 100)
        let first = try #require(budget.reserve(60))
        #expect(budget.reserve(41) == nil)
        let second = try #require(budget.reserve(40))
        #expect(budget.reserved == 100)
        first.release()
        first.release()
        #expect(budget.reserved == 40)
        #expect(second.grow(by: 60))
        #expect(!second.grow(by: 1))
        second.shrink(to: 10)
        #expect(budget.reserved == 10)
        second.shrink(to: 50)
        #expect(second.bytes == 10)
    }

    @Test func `a reservation that nothing refers to gives its bytes back`() {
        let budget = MemoryBudget(limit: 100)
        do {
            let reservation = budget.reserve(70)
            #expect(reservation?.bytes == 70)
        }
        #expect(budget.reserved == 0)
    }

    @Test(arguments: [-1, Int.min, Int.max])
    func `a senseless amount is not reserved`(bytes: Int) {
        let budget = MemoryBudget(limit: 100)
        #expect(budget.reserve(bytes) == nil)
        #expect(budget.reserve(1)?.grow(by: bytes) == false)
        #expect(budget.reserved == 0)
    }

    @Test func `many threads together never pass the bound and leave nothing behind`() async {
        let budget = MemoryBudget(limit: 1000)
        let isHeld = await withTaskGroup(of: Bool.self) { group in
            for seed in 1...8 {
                group.addTask {
                    var isHeld = true
                    for index in 0..<2000 {
                        let reservation = budget.reserve((index * seed) % 400)
                        isHeld = isHeld && budget.reserved <= 1000
                        if index % 3 == 0 { isHeld = isHeld && (reservation?.grow(by: 5) != nil || reservation == nil) }
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
