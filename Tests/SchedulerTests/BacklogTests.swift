import Testing

@testable import Scheduler

@Suite struct BacklogTests {
    private let start = EngineInstant.now

    private func at(_ seconds: Double) -> EngineInstant { start.advanced(by: .seconds(seconds)) }

    /// A backlog that has learned that work of the kind "a" costs so much, done one after the other.
    private func taught(_ cost: Double, speed: Double = 1) -> Backlog {
        var backlog = Backlog()
        for number in 0..<200 {
            let begin = Double(number) * cost / speed
            let ticket = backlog.book("teacher", kinds: ["a"], cost: .seconds(cost), at: at(begin))
            backlog.finish(ticket, spent: .seconds(cost), isTypical: true, at: at(begin + cost / speed))
        }
        return backlog
    }

    @Test(arguments: [1.0, 3])
    func `the wait is the work ahead over the speed that was measured`(speed: Double) {
        var backlog = taught(0.1, speed: speed)
        #expect(abs(backlog.speed / speed - 1) < 0.05, "\(backlog.speed)")
        for _ in 0..<5 { _ = backlog.book("one", kinds: ["a"], cost: backlog.cost(of: ["a"], for: "one"), at: at(100)) }
        let wait = backlog.expectedWait(of: "one", cost: .seconds(0.1)).seconds
        #expect(abs(wait * speed - 0.5) < 0.05, "\(wait)")
    }

    @Test func `long work that has not ended does not make the others look slow`() {
        var backlog = taught(0.1)
        _ = backlog.book("long", kinds: ["b"], cost: .zero, at: at(20))
        for second in 20..<60 {
            let ticket = backlog.book("one", kinds: ["a"], cost: .seconds(0.1), at: at(Double(second)))
            backlog.finish(ticket, spent: .seconds(0.1), isTypical: true, at: at(Double(second) + 0.1))
        }
        #expect(backlog.speed == 0.8)
    }

    @Test func `others count as much as a fair share gives them before one's turn`() {
        var backlog = Backlog()
        for _ in 0..<50 { _ = backlog.book("flood", kinds: ["a"], cost: .seconds(0.1), at: at(0)) }
        _ = backlog.book("small", kinds: ["a"], cost: .seconds(0.05), at: at(0))
        let wait = backlog.expectedWait(of: "new", cost: .seconds(0.1)).seconds
        #expect(abs(wait - 0.15) < 1e-9)
        #expect(abs(backlog.expectedWait(of: "flood", cost: .seconds(0.1)).seconds - 5.05) < 1e-9)
    }

    @Test func `what would be late is refused, and what has nothing before it never is`() {
        var backlog = Backlog()
        #expect(
            backlog.admission(of: "one", cost: .seconds(30), within: .seconds(1))
                == .admitted(startWithin: .seconds(0.25)))
        #expect(
            backlog.admission(of: "one", cost: .seconds(30), within: .seconds(1), isUsual: false)
                == .admitted(startWithin: .zero))
        for _ in 0..<9 { _ = backlog.book("one", kinds: ["a"], cost: .seconds(0.1), at: at(0)) }
        guard case .late = backlog.admission(of: "one", cost: .seconds(0.1), within: .seconds(1)) else {
            Issue.record("0.9 s of work are ahead and 0.1 s to be done")
            return
        }
        let patient = backlog.admission(of: "one", cost: .milliseconds(100), within: .seconds(10), isUsual: false)
        #expect(patient == .admitted(startWithin: .milliseconds(9900)))
    }

    @Test func `what is done or given up is no longer ahead of anybody`() {
        var backlog = Backlog()
        let tickets = (0..<10).map { _ in backlog.book("one", kinds: ["a"], cost: .seconds(0.1), at: at(0)) }
        for (number, ticket) in tickets.enumerated() {
            backlog.correct(ticket, cost: .seconds(0.2))
            backlog.finish(ticket, spent: .zero, isTypical: false, at: at(0.1))
            backlog.finish(ticket, spent: .zero, isTypical: false, at: at(0.1))
            #expect(backlog.count == 9 - number)
        }
        #expect(backlog.expectedWait(of: "two", cost: .seconds(1)) == .zero)
        #expect(backlog.cost(of: ["a"], for: "one") == .zero, "what was given up teaches nothing")
    }

    @Test func `who is turned away is told to come back when those before it can be done`() {
        var backlog = Backlog()
        for _ in 0..<20 { _ = backlog.book("one", kinds: ["a"], cost: .seconds(0.1), at: at(0)) }
        let first = backlog.refuse(cost: .seconds(0.1), at: at(0))
        for _ in 0..<49 { _ = backlog.refuse(cost: .seconds(0.1), at: at(0)) }
        #expect(first == 3)
        #expect(backlog.refuse(cost: .seconds(0.1), at: at(0)) == 8)
        #expect(backlog.refuse(cost: .seconds(0.1), at: at(1000)) == 3, "what was turned away long ago has gone")
        for _ in 0..<10_000 { _ = backlog.refuse(cost: .seconds(0.1), at: at(1000)) }
        #expect(backlog.refuse(cost: .seconds(0.1), at: at(1000)) == 60)
    }

    @Test func `the cost of a kind that is not known is that of the wider kind`() {
        let backlog = taught(0.1)
        #expect(abs(backlog.cost(of: ["a with beams 8", "a"], for: "one").seconds - 0.1) < 1e-9)
        #expect(backlog.cost(of: ["b"], for: "one") == .zero)
    }

    @Test func `costly work of one client does not make another's look costly`() {
        var backlog = Backlog()
        func work(_ client: ClientID, _ cost: Double, from time: Double) {
            let ticket = backlog.book(client, kinds: ["a"], cost: .zero, at: at(time))
            backlog.finish(ticket, spent: .seconds(cost), isTypical: true, at: at(time + cost))
        }
        for round in 0..<50 { work("costly", 2, from: Double(4 * round)) }
        work("cheap", 0.05, from: 300)
        for round in 0..<50 { work("costly", 2, from: Double(310 + 4 * round)) }
        for _ in 0..<10 { _ = backlog.book("costly", kinds: ["a"], cost: .seconds(2), at: at(600)) }
        for client: ClientID in ["cheap", "new"] {
            let cost = backlog.cost(of: ["a"], for: client)
            #expect(abs(cost.seconds - 0.05) < 1e-9)
            #expect(backlog.expectedWait(of: client, cost: cost) < .milliseconds(100))
        }
        #expect(abs(backlog.cost(of: ["a"], for: "costly").seconds - 2) < 1e-9)
    }

    @Test func `a crowd of clients with costly work does not displace what is known of others`() {
        var backlog = Backlog()
        func work(_ client: ClientID, _ cost: Double, at time: Double) {
            let ticket = backlog.book(client, kinds: ["a"], cost: .zero, at: at(time))
            backlog.finish(ticket, spent: .seconds(cost), isTypical: true, at: at(time))
        }
        work("cheap", 0.05, at: 0)
        for number in 0..<1000 { work(ClientID("costly \(number)"), 2, at: Double(number) / 100) }
        #expect(abs(backlog.cost(of: ["a"], for: "cheap").seconds - 0.05) < 1e-9)
        #expect(abs(backlog.cost(of: ["a"], for: "new").seconds - 0.05) < 1e-9)
        for number in 0..<100 { work(ClientID("later \(number)"), 2, at: 200 + Double(number) / 100) }
        #expect(abs(backlog.cost(of: ["a"], for: "new").seconds - 2) < 1e-9, "who was there long ago has gone")
    }
}
