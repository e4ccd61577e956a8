import Scheduler
import Synchronization
import Testing

@testable import Service

/// Which requests are taken on, and until when they have to begin.
@Suite struct WorkloadTests {
    /// A clock that only the test moves.
    private final class Clock: Sendable {
        private let time = Mutex(EngineInstant.now)
        var now: EngineInstant { time.withLock { $0 } }

        func pass(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    private let clock = Clock()

    private func workload(target: Duration = .seconds(1)) -> Workload {
        Workload(target: target, now: { [clock] in clock.now })
    }

    private func work(_ client: ClientID = "one") -> RequestWork {
        RequestWork(client: client, deadline: clock.now + .seconds(60))
    }

    /// Teaches what a request of the kind costs.
    private func teach(_ workload: Workload, _ cost: Duration) throws {
        let work = work()
        try workload.book(work, kinds: ["a"], within: nil)
        clock.pass(cost)
        work.spend(cost)
        work.end(isTypical: true)
    }

    @Test func `the time that a request's own decoding takes is no time that it waits`() throws {
        let work = work()
        try workload().book(work, kinds: ["a"], within: nil)
        let before = try #require(work.terms(size: 1).latestStart)
        let long = self.work()
        try workload().book(long, kinds: ["a"], within: nil)
        long.decoded(in: .seconds(5))
        #expect(long.terms(size: 1).latestStart == before + .seconds(5))
    }

    @Test func `only the first job of a request has to begin in time`() throws {
        let work = work()
        try workload().book(work, kinds: ["a"], within: nil)
        #expect(work.terms(size: 1).latestStart != nil)
        #expect(work.terms(size: 1).latestStart == nil)
    }

    @Test func `who would be late is refused with a time to come back, and others are not`() throws {
        let workload = workload()
        try teach(workload, .milliseconds(100))
        var taken: [RequestWork] = []
        #expect {
            for _ in 0..<100 {
                let work = work("flood")
                try workload.book(work, kinds: ["a"], within: nil)
                taken.append(work)
            }
        } throws: { error in
            guard let problem = error as? Problem else { return false }
            return problem.code == .overloaded && problem.headers["Retry-After"] != nil
        }
        #expect((3...12).contains(taken.count), "\(taken.count)")
        try workload.check("polite", kinds: ["a"], within: nil)
        try workload.check("flood", kinds: ["a"], within: .seconds(30))
        taken = []
        try workload.check("flood", kinds: ["a"], within: nil)
    }

    @Test func `a request that ends gives back what it took, whoever ends it`() throws {
        let workload = workload()
        try teach(workload, .milliseconds(400))
        var forgotten: RequestWork? = work()
        let ended = work()
        for work in [forgotten, ended] { try workload.book(try #require(work), kinds: ["a"], within: nil) }
        #expect(throws: Problem.self) { try workload.check("one", kinds: ["a"], within: nil) }
        forgotten = nil
        ended.end(isTypical: false)
        ended.end(isTypical: false)
        try workload.check("one", kinds: ["a"], within: nil)
    }
}
