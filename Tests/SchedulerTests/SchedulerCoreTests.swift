import Testing

@testable import Scheduler

@Suite struct SchedulerCoreTests {
    @Test func `an idle engine begins a lone job at once, whatever the window`() throws {
        var fixture = CoreFixture(batchWindow: .seconds(100))
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        #expect(fixture.reasons() == [.idle])
    }

    @Test func `an engine that becomes free takes everything that waits`() throws {
        var fixture = CoreFixture()
        try fixture.submit(1, "embed")
        #expect(fixture.next() == "begin embed [1]")
        for job in 2...5 { try fixture.submit(job, "embed") }
        fixture.beganAll()
        #expect(fixture.next() == "begin embed [2, 3, 4, 5]")
        #expect(fixture.reasons() == [.idle, .full])
    }

    @Test func `a batch never holds more than allowed`() throws {
        var fixture = CoreFixture(maxBatch: 3)
        for job in 1...7 { try fixture.submit(job, "embed") }
        var actions: [String] = []
        for _ in 1...3 {
            actions.append(fixture.next())
            fixture.beganAll()
        }
        #expect(actions == ["begin embed [1, 2, 3]", "begin embed [4, 5, 6]", "begin embed [7]"])
        #expect(fixture.next() == "wait")
    }

    @Test func `running generations are stepped between two batches, and batches stay small meanwhile`() throws {
        var fixture = CoreFixture(maxBatch: 8)
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        for job in 2...6 { try fixture.submit(job) }
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        #expect(fixture.next() == "begin caption [2, 3]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 3")
        fixture.stepped(finishing: [1])
        #expect(fixture.next() == "begin caption [4, 5]")
        #expect(fixture.ended() == ["1 done"])
    }

    @Test func `jobs join only while there is room among the generations`() throws {
        var fixture = CoreFixture(maxBatch: 2)
        for job in 1...3 { try fixture.submit(job) }
        #expect(fixture.next() == "begin caption [1, 2]")
        fixture.beganGenerations()
        for _ in 1...3 {
            #expect(fixture.next() == "step 2")
            fixture.stepped()
        }
        #expect(fixture.next() == "step 2")
        fixture.stepped(finishing: [2])
        #expect(fixture.next() == "begin caption [3]")
    }

    @Test func `a task without generations needs no room`() throws {
        var fixture = CoreFixture(maxBatch: 1)
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        try fixture.submit(2)
        try fixture.submit(3, "embed")
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        #expect(fixture.next() == "begin embed [3]")
    }

    @Test func `one more than the bound is refused at once, by name`() throws {
        var fixture = CoreFixture(maxQueue: 2)
        try fixture.submit(1)
        try fixture.submit(2)
        #expect(throws: SchedulerError.queueFull(task: "caption", bound: 2)) { try fixture.submit(3) }
        try fixture.submit(4, "embed")
    }

    @Test func `an unknown task is refused by name`() throws {
        var fixture = CoreFixture()
        #expect(throws: SchedulerError.unknownTask("draw")) { try fixture.submit(1, "draw") }
    }
}
