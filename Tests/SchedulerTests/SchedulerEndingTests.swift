import Testing

@testable import Scheduler

/// How jobs end other than well: cancelled, expired, failed, stopped.
@Suite struct SchedulerEndingTests {
    @Test func `a job cancelled while it waits frees its place at once and is never begun`() throws {
        var fixture = CoreFixture(maxQueue: 2)
        let first = try fixture.submit(1)
        try fixture.submit(2)
        fixture.core.cancel(first, at: fixture.now)
        #expect(fixture.ended() == ["1 cancelled waiting"])
        try fixture.submit(3)
        #expect(fixture.next() == "begin caption [2, 3]")
    }

    @Test func `a job cancelled while its batch is begun is not stepped`() throws {
        var fixture = CoreFixture()
        let first = try fixture.submit(1)
        try fixture.submit(2)
        #expect(fixture.next() == "begin caption [1, 2]")
        fixture.core.cancel(first, at: fixture.now)
        #expect(fixture.ended().isEmpty)
        fixture.beganGenerations()
        #expect(fixture.ended() == ["1 cancelled running"])
        #expect(fixture.next() == "step 1")
    }

    @Test func `a generation cancelled between steps or during one leaves at once`() throws {
        var fixture = CoreFixture()
        let ids = try (1...3).map { try fixture.submit($0) }
        #expect(fixture.next() == "begin caption [1, 2, 3]")
        fixture.beganGenerations()
        fixture.core.cancel(ids[0], at: fixture.now)
        #expect(fixture.next() == "step 2")
        fixture.core.cancel(ids[1], at: fixture.now)
        fixture.stepped()
        #expect(fixture.ended() == ["1 cancelled running", "2 cancelled running"])
        #expect(fixture.next() == "step 1")
    }

    @Test func `a job that ended cannot be cancelled any more`() throws {
        var fixture = CoreFixture()
        let id = try fixture.submit(1, "embed")
        #expect(fixture.next() == "begin embed [1]")
        fixture.beganAll()
        fixture.core.cancel(id, at: fixture.now)
        fixture.core.cancel(id, at: fixture.now)
        #expect(fixture.ended() == ["1 done"])
    }

    @Test func `cancelling one job leaves the others alone`() throws {
        var fixture = CoreFixture()
        let first = try fixture.submit(1)
        try fixture.submit(2)
        try fixture.submit(3, "embed")
        fixture.core.cancel(first, at: fixture.now)
        #expect(fixture.next() == "begin caption [2]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        fixture.stepped(finishing: [2])
        #expect(fixture.next() == "begin embed [3]")
        fixture.beganAll()
        #expect(fixture.ended() == ["1 cancelled waiting", "2 done", "3 done"])
    }

    @Test func `a job whose deadline passes in the queue ends there, wherever it stands`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, within: .milliseconds(200))
        try fixture.submit(2, within: .milliseconds(100))
        try fixture.submit(3)
        fixture.wait(100)
        #expect(fixture.next() == "begin caption [1, 3]")
        #expect(fixture.ended() == ["2 expired waiting"])
    }

    @Test func `a job whose deadline passes while it is computed ends as started`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, within: .milliseconds(100))
        try fixture.submit(2)
        #expect(fixture.next() == "begin caption [1, 2]")
        fixture.wait(100)
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        #expect(fixture.ended() == ["1 expired running"])
    }

    @Test func `an answer that is there is given even if it is late`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, "embed", within: .milliseconds(100))
        #expect(fixture.next() == "begin embed [1]")
        fixture.wait(150)
        fixture.beganAll()
        #expect(fixture.ended() == ["1 done"])
    }

    @Test func `a failed job does not take its batch along`() throws {
        struct Broken: Error {}
        var fixture = CoreFixture()
        for job in 1...3 { try fixture.submit(job) }
        #expect(fixture.next() == "begin caption [1, 2, 3]")
        fixture.core.beginEnded([.generating, .failed(Broken()), .generating], at: fixture.now)
        #expect(fixture.next() == "step 2")
        fixture.core.stepEnded([.failed(Broken()), .done("3")], startedAt: fixture.now, at: fixture.now)
        #expect(fixture.ended() == ["2 failed", "1 failed", "3 done"])
        #expect(fixture.next() == "wait")
    }

    @Test func `jobs without an outcome fail instead of being lost`() throws {
        var fixture = CoreFixture()
        for job in 1...3 { try fixture.submit(job) }
        #expect(fixture.next() == "begin caption [1, 2, 3]")
        fixture.core.beginEnded([.generating, .generating], at: fixture.now)
        #expect(fixture.next() == "step 2")
        fixture.core.stepEnded([], startedAt: fixture.now, at: fixture.now)
        #expect(fixture.ended() == ["3 outcome missing", "1 outcome missing", "2 outcome missing"])
    }

    @Test func `a generation of a task that has none fails`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, "embed")
        #expect(fixture.next() == "begin embed [1]")
        fixture.beganGenerations()
        #expect(fixture.ended() == ["1 unexpected generation"])
        #expect(fixture.next() == "wait")
    }

    @Test func `draining refuses new jobs and finishes accepted ones`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1)
        fixture.core.drain()
        #expect(throws: SchedulerError.draining) { try fixture.submit(2) }
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        fixture.stepped(finishing: [1])
        #expect(fixture.ended() == ["1 done"])
    }

    @Test func `stopping ends what waits and what runs, then the engine`() throws {
        var fixture = CoreFixture(maxBatch: 2)
        for job in 1...3 { try fixture.submit(job) }
        #expect(fixture.next() == "begin caption [1, 2]")
        fixture.core.stop(at: fixture.now)
        #expect(fixture.ended() == ["3 stopped"])
        fixture.beganGenerations()
        #expect(fixture.next() == "stop")
        #expect(fixture.ended() == ["1 stopped", "2 stopped"])
        #expect(throws: SchedulerError.draining) { try fixture.submit(4) }
    }

    @Test func `an answer says where its time went`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1)
        fixture.wait(3)
        #expect(fixture.next() == "begin caption [1]")
        fixture.wait(40)
        fixture.beganGenerations()
        for steps in 1...2 {
            #expect(fixture.next() == "step 1")
            fixture.wait(5)
            fixture.stepped(finishing: steps == 2 ? [1] : [])
        }
        let timing = try #require(fixture.core.takeEnded().first).timing
        #expect(timing.queue == .milliseconds(3))
        #expect(timing.begin == .milliseconds(40))
        #expect(timing.generate == .milliseconds(10))
        #expect(timing.total == .milliseconds(53))
        #expect(timing.steps == 2)
        #expect(timing.batchSize == 1)
    }

    @Test func `loads tell what waits, how long, and what runs`() throws {
        var fixture = CoreFixture(maxBatch: 2)
        for job in 1...2 { try fixture.submit(job) }
        #expect(fixture.next() == "begin caption [1, 2]")
        try fixture.submit(3)
        fixture.wait(7)
        try fixture.submit(4)
        #expect(
            fixture.core.loads(at: fixture.now) == [
                TaskLoad(task: "caption", waiting: 2, oldestWait: .milliseconds(7), running: 2),
                TaskLoad(task: "embed", waiting: 0, oldestWait: .zero, running: 0),
            ])
    }

    @Test func `every error is a sentence that names what it is about`() {
        let errors: [(SchedulerError, String)] = [
            (.queueFull(task: "caption", bound: 256), "256"), (.queueFull(task: "caption", bound: 256), "--max-queue"),
            (.draining, "shutting down"), (.unknownTask("draw"), "draw"), (.cancelled(started: false), "waited"),
            (.cancelled(started: true), "computed"),
            (.deadlineExceeded(task: "caption", started: false), "--request-deadline"),
            (.deadlineExceeded(task: "caption", started: true), "caption"), (.stopped, "ended"),
            (.outcomeMissing(task: "caption", expected: 3, got: 2), "2 outcomes for 3"),
            (.unexpectedGeneration(task: "embed"), "embed"),
        ]
        for (error, word) in errors { #expect(error.description.contains(word), "\(error)") }
    }
}
