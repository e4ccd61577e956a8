import Testing

@testable import Scheduler

@Suite struct FairSharesTests {
    /// Two clients that always want something, and what each has had after so many pieces of work of its own cost.
    @Test func `clients that always want something have had the same within one piece of work`() {
        var random = SeededGenerator(state: 1)
        let costs: [ClientID: Double] = ["a": 0.001, "b": 0.03, "c": 0.2]
        var shares = FairShares(credit: .zero)
        for client in costs.keys { shares.join(client) }
        var had: [ClientID: Double] = [:]
        for _ in 0..<5000 {
            let next = costs.keys.min { (shares.standing($0), $0.name) < (shares.standing($1), $1.name) } ?? "a"
            let cost = (costs[next] ?? 0) * Double.random(in: 0.5...1.5, using: &random)
            shares.charge(next, .seconds(cost))
            had[next, default: 0] += cost
        }
        let (least, most) = (had.values.min() ?? 0, had.values.max() ?? 0)
        #expect(most - least <= 0.3, "\(had)")
    }

    @Test func `time that was not used is not saved up`() {
        var shares = FairShares(credit: .milliseconds(20))
        shares.join("busy")
        for _ in 0..<100 { shares.charge("busy", .seconds(1)) }
        shares.join("late")
        let lead = shares.standing("busy") - shares.standing("late")
        #expect(abs(lead - 0.02) < 1e-9, "\(lead)")
    }

    @Test func `a debt is not forgotten by going away`() {
        var shares = FairShares(credit: .zero)
        shares.join("steady")
        shares.join("greedy")
        shares.charge("greedy", .seconds(10))
        shares.leave("greedy")
        shares.charge("steady", .seconds(1))
        shares.join("greedy")
        #expect(shares.standing("greedy") == 10)
    }

    @Test func `a client's place is told from what others that want something have had`() {
        var shares = FairShares(credit: .zero)
        shares.join("a")
        shares.charge("a", .milliseconds(50))
        #expect(shares.place(of: "a", within: .milliseconds(20)) == .alone)
        shares.join("b")
        #expect(shares.place(of: "b", within: .milliseconds(20)) == .behind)
        shares.charge("b", .milliseconds(10))
        #expect(shares.place(of: "b", within: .milliseconds(20)) == .level)
        shares.charge("b", .milliseconds(30))
        #expect(shares.place(of: "b", within: .milliseconds(20)) == .ahead)
        shares.leave("a")
        #expect(shares.place(of: "b", within: .milliseconds(20)) == .alone)
    }

    @Test func `the credit of a newcomer puts nobody ahead`() {
        var shares = FairShares(credit: .milliseconds(100))
        shares.join("steady")
        for _ in 0..<10 { shares.charge("steady", .milliseconds(50)) }
        shares.join("newcomer")
        #expect(shares.place(of: "newcomer", within: .milliseconds(20)) == .behind)
        #expect(shares.place(of: "steady", within: .milliseconds(20)) == .behind, "it has had no more than its part")
        shares.charge("steady", .milliseconds(50))
        #expect(shares.place(of: "steady", within: .milliseconds(20)) == .ahead)
    }

    @Test func `who comes back again and again is ahead once`() {
        var shares = FairShares(credit: .milliseconds(40))
        shares.join("waiting")
        shares.charge("waiting", .milliseconds(100))
        for _ in 1...2 {
            shares.join("again")
            #expect(shares.standing("again") < shares.standing("waiting"))
            shares.charge("again", .milliseconds(30))
            shares.leave("again")
        }
        shares.join("again")
        #expect(shares.standing("again") > shares.standing("waiting"))
    }

    @Test func `nobody owes anything once nobody wants anything`() {
        var shares = FairShares()
        shares.join("a")
        shares.charge("a", .seconds(10))
        shares.leave("a")
        #expect(shares.presentCount == 0)
        #expect(shares.accountCount == 0)
        #expect(shares.standing("a") == shares.standing("b"))
    }

    @Test func `only so many that are away are remembered, those with the largest debts`() {
        var shares = FairShares(credit: .zero, maxAbsent: 10)
        shares.join("here")
        for number in 0..<1000 {
            let client = ClientID("\(number)")
            shares.join(client)
            shares.charge(client, .seconds(number + 1))
            shares.leave(client)
        }
        #expect(shares.accountCount == 11)
        #expect(shares.standing("999") == 1000)
    }
}

@Suite struct FairQueueTests {
    @Test func `the oldest of the client that has had least is next`() {
        var queue = FairQueue<Int>(FairShares(credit: .zero))
        for number in 1...4 { queue.append(number, for: "a") }
        for number in 5...6 { queue.append(number, for: "b") }
        var order: [Int] = []
        while let entry = queue.popFirst() {
            order.append(entry.element)
            queue.finish(entry.client, took: .milliseconds(10))
        }
        #expect(order == [1, 5, 2, 6, 3, 4])
        #expect(queue.isEmpty)
    }

    @Test func `only those who may are taken`() {
        var queue = FairQueue<Int>()
        queue.append(1, for: "a")
        queue.append(2, for: "b")
        #expect(queue.popFirst { $0 == "b" }?.element == 2)
        #expect(queue.popFirst { $0 == "b" } == nil)
        #expect(queue.count == 1)
    }

    @Test func `the newest of the client with most makes room, and nothing where all have as much`() {
        var queue = FairQueue<Int>()
        for number in 1...3 { queue.append(number, for: "a") }
        queue.append(4, for: "b")
        #expect(queue.popNewestOfLargest(above: 1)?.element == 3)
        #expect(queue.popNewestOfLargest(above: 2) == nil)
        #expect(queue.count == 3)
    }

    @Test func `what is gone is taken out of every client's line`() {
        var queue = FairQueue<Int>()
        for number in 1...6 { queue.append(number, for: number.isMultiple(of: 2) ? "a" : "b") }
        #expect(queue.removeAll { $0 > 3 }.map(\.element).sorted() == [4, 5, 6])
        #expect(queue.count(of: "a") == 1)
        #expect(queue.count == 3)
    }
}
