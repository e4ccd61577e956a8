import Testing

@testable import Scheduler

/// What clients owe each other: turns, room, places in the queue; and what interrupts a batch that takes long.
@Suite struct SchedulerClientTests {
    /// Begins what comes next and says that it took so long.
    private func begin(_ fixture: inout CoreFixture, took milliseconds: Int) -> String {
        let action = fixture.next()
        fixture.wait(milliseconds)
        fixture.beganAll()
        return action
    }

    @Test func `a client that comes second is begun before the rest of one that came first`() throws {
        var fixture = CoreFixture(maxBatch: 1)
        for job in 1...4 { try fixture.submit(job, "embed", for: "a") }
        var actions = [begin(&fixture, took: 30)]
        try fixture.submit(10, "embed", for: "b")
        for _ in 1...2 { actions.append(begin(&fixture, took: 30)) }
        #expect(actions == ["begin embed [1]", "begin embed [10]", "begin embed [2]"])
    }

    @Test func `what was had before the engine does not interrupt who has had little`() throws {
        var fixture = CoreFixture()
        fixture.core.shares.prepare("large photos")
        try fixture.submit(1, for: "polite")
        #expect(fixture.next() == "begin caption [1]")
        fixture.wait(20)
        fixture.beganGenerations()
        fixture.core.shares.charge("large photos", .milliseconds(400))
        try fixture.submit(2, for: "large photos")
        for _ in 1...3 {
            #expect(fixture.nextJobs() == [1])
            fixture.wait(2)
            fixture.stepped(took: .milliseconds(2))
        }
        try fixture.submit(3, for: "polite")
        #expect(fixture.nextJobs() == [3], "nor does it come before the next one")
        fixture.wait(20)
        fixture.beganGenerations()
        #expect(fixture.nextJobs() == [1, 3])
        fixture.stepped(finishing: [1, 3])
        #expect(fixture.nextJobs() == [2], "nobody else wants anything")
    }

    @Test func `what was had before the engine is begun once others have had as much`() throws {
        var fixture = CoreFixture()
        fixture.core.shares.prepare("large photos")
        fixture.core.shares.charge("large photos", .milliseconds(100))
        try fixture.submit(1, "embed", for: "large photos")
        var begun: [Int] = []
        for job in 10..<20 {
            try fixture.submit(job, "embed", for: "polite")
            begun += fixture.nextJobs()
            fixture.wait(30)
            fixture.beganAll()
        }
        #expect(begun.first == 10)
        #expect(begun.prefix(6).contains(1), "\(begun)")
    }

    @Test func `what others had while something was prepared for long is no debt beyond the credit`() throws {
        var fixture = CoreFixture()
        fixture.core.shares.prepare("sounds")
        for job in 1...20 {
            try fixture.submit(job, "embed", for: "polite")
            #expect(begin(&fixture, took: 100) == "begin embed [\(job)]")
        }
        try fixture.submit(100, "embed", for: "sounds")
        fixture.core.shares.endPreparation("sounds")
        try fixture.submit(21, "embed", for: "polite")
        #expect(begin(&fixture, took: 180) == "begin embed [100]")
        try fixture.submit(101, "embed", for: "sounds")
        #expect(begin(&fixture, took: 100) == "begin embed [21]", "two seconds are not owed")
    }

    @Test func `a client that is only decoded for takes no turn of those with jobs`() throws {
        var fixture = CoreFixture(maxBatch: 1)
        try fixture.submit(1, "embed", for: "much")
        try fixture.submit(2, "embed", for: "much")
        #expect(begin(&fixture, took: 200) == "begin embed [1]")
        fixture.core.shares.prepare("decoded for")
        try fixture.submit(3, "embed", for: "little")
        #expect(begin(&fixture, took: 30) == "begin embed [3]")
        #expect(begin(&fixture, took: 30) == "begin embed [2]")
    }

    @Test func `clients that have had the same share batches`() throws {
        var fixture = CoreFixture()
        for job in 1...3 { try fixture.submit(job, "embed", for: "a") }
        for job in 4...5 { try fixture.submit(job, "embed", for: "b") }
        #expect(fixture.next() == "begin embed [1, 4, 2, 5]")
    }

    @Test func `the generations of a client that has had much pause for one that has not`() throws {
        var fixture = CoreFixture()
        for job in 1...2 { try fixture.submit(job, for: "a") }
        #expect(fixture.next() == "begin caption [1, 2]")
        fixture.wait(100)
        fixture.beganGenerations()
        try fixture.submit(10, for: "b")
        #expect(fixture.next() == "begin caption [10]")
        fixture.wait(5)
        fixture.beganGenerations()
        #expect(fixture.nextJobs() == [10])
        fixture.wait(90)
        fixture.stepped(took: .milliseconds(90))
        #expect(fixture.nextJobs() == [1, 2, 10], "it has caught up")
    }

    @Test func `a client without generations finds room beyond those of others, but not without bound`() throws {
        var fixture = CoreFixture(maxBatch: 2, maxBatchBetweenSteps: 1)
        for job in 1...3 { try fixture.submit(job, for: "a") }
        #expect(fixture.next() == "begin caption [1, 2]")
        fixture.beganGenerations()
        var begun: [Int] = []
        for job in 10...15 {
            try fixture.submit(job, for: ClientID("\(job)"))
            let jobs = fixture.nextJobs()
            if fixture.core.beginnings.isEmpty {
                fixture.stepped()
            } else {
                begun += jobs
                fixture.beganGenerations()
            }
        }
        #expect(fixture.core.running.count <= 4)
        #expect(Set(begun).isSubset(of: [10, 11, 12, 13]), "\(begun)")
        #expect(!begun.isEmpty)
    }

    @Test func `in a full queue the newest of the client with most makes room for one with fewer`() throws {
        var fixture = CoreFixture(maxQueue: 3)
        for job in 1...3 { try fixture.submit(job, "embed", for: "a") }
        #expect(throws: SchedulerError.queueFull(task: "embed", bound: 3)) { try fixture.submit(4, "embed", for: "a") }
        try fixture.submit(10, "embed", for: "b")
        #expect(fixture.ended() == ["3 refused"])
        #expect(throws: SchedulerError.queueFull(task: "embed", bound: 3)) { try fixture.submit(11, "embed", for: "b") }
    }

    @Test func `what could not begin in time is not begun`() throws {
        var fixture = CoreFixture(maxBatch: 1)
        try fixture.submit(1, "embed")
        try fixture.submit(2, "embed", startWithin: .milliseconds(50))
        try fixture.submit(3, "embed", startWithin: .milliseconds(500))
        _ = begin(&fixture, took: 60)
        #expect(fixture.next() == "begin embed [3]")
        #expect(fixture.ended() == ["1 done", "2 overdue"])
    }

    @Test func `a batch takes no longer than a slice by what is known, unless it is one job`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, "embed", size: 1)
        _ = begin(&fixture, took: 8)
        for job in 2...4 { try fixture.submit(job, "embed", size: 1) }
        try fixture.submit(5, "embed", size: 10)
        try fixture.submit(6, "embed", size: 1)
        let actions = (1...4).map { _ in begin(&fixture, took: 0) }
        #expect(actions == ["begin embed [2, 3]", "begin embed [4]", "begin embed [5]", "begin embed [6]"])
    }

    @Test func `a long batch that pauses lets generations take a step and a short job begin, one at a time`() throws {
        var fixture = CoreFixture(maxBatch: 16, maxBatchBetweenSteps: 16)
        try fixture.submit(1, "embed", size: 1)
        _ = begin(&fixture, took: 8)
        try fixture.submit(2, for: "a")
        #expect(fixture.next() == "begin caption [2]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        try fixture.submit(3, "embed", size: 10, for: "a")
        #expect(fixture.next() == "begin embed [3]")
        guard case .step? = fixture.core.interlude(isFirst: true, at: fixture.now) else {
            Issue.record("a generation waits for its step")
            return
        }
        fixture.stepped()
        #expect(fixture.core.interlude(isFirst: false, at: fixture.now) == nil, "the batch has its turn")
        try fixture.submit(4, "embed", size: 9, for: "a")
        try fixture.submit(5, "embed", size: 1, for: "a")
        guard case .begin(_, let jobs)? = fixture.core.interlude(isFirst: true, at: fixture.now) else {
            Issue.record("a short job may be begun")
            return
        }
        #expect(jobs.map(\.payload) == [5], "a long one may not, for it would not pause")
        #expect(
            fixture.core.interlude(isFirst: true, at: fixture.now) == nil, "what is begun in a pause has none itself")
        fixture.beganAll()
        fixture.beganAll()
        #expect(fixture.ended() == ["1 done", "5 done", "3 done"])
    }

    @Test func `where everything is slow, what is short beside a long batch begins while that pauses`() throws {
        var fixture = CoreFixture(maxBatch: 16)
        try fixture.submit(1, "embed", size: 1)
        _ = begin(&fixture, took: 60)
        try fixture.submit(2, "embed", size: 5, for: "long")
        #expect(fixture.next() == "begin embed [2]")
        try fixture.submit(3, "embed", size: 2, for: "short")
        #expect(fixture.core.interlude(isFirst: true, at: fixture.now) == nil, "two fifths of the batch are not short")
        try fixture.submit(4, "embed", size: 1, for: "short")
        guard case .begin(_, let jobs)? = fixture.core.interlude(isFirst: true, at: fixture.now) else {
            Issue.record("a fifth of the batch is short, though it takes 60 ms")
            return
        }
        #expect(jobs.map(\.payload) == [4])
        fixture.beganAll()
        fixture.beganAll()
        try fixture.submit(5, "embed", size: 50, for: "long")
        #expect(fixture.next() == "begin embed [3]")
        fixture.beganAll()
        #expect(fixture.next() == "begin embed [5]")
        try fixture.submit(6, "embed", size: 10, for: "short")
        #expect(
            fixture.core.interlude(isFirst: true, at: fixture.now) == nil,
            "more than five slices are long beside whatever pauses")
    }

    @Test func `others go on within a pause until the batch's client has its turn again`() throws {
        var fixture = CoreFixture(maxBatch: 16)
        try fixture.submit(1, "embed", size: 1)
        _ = begin(&fixture, took: 10)
        try fixture.submit(2, "embed", size: 10, for: "long")
        #expect(fixture.next() == "begin embed [2]")
        try fixture.submit(3, for: "short")
        guard case .begin? = fixture.core.interlude(isFirst: true, at: fixture.now) else {
            Issue.record("a caption of another client is begun")
            return
        }
        fixture.beganGenerations()
        var steps = 0
        while case .step? = fixture.core.interlude(isFirst: false, at: fixture.now) {
            fixture.wait(30)
            fixture.stepped(took: .milliseconds(30))
            steps += 1
        }
        #expect((2...3).contains(steps), "\(steps) steps of 30 ms for a client that came 100 ms ahead of its turn")
    }

    @Test func `the time of a pause is not the batch's`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, "embed")
        #expect(fixture.next() == "begin embed [1]")
        fixture.wait(30)
        fixture.core.beginEnded([.done("1")], paused: .milliseconds(20), at: fixture.now)
        #expect(fixture.core.takeEnded().first?.timing.cost == .milliseconds(10))
        #expect(fixture.core.cost(of: "embed", size: 2) == .milliseconds(20))
    }
}
