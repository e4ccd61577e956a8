import Testing

@testable import Scheduler

/// Who comes when: order within a task, turns between tasks, room, windows.
@Suite struct SchedulerFairnessTests {
    private let three = [
        TaskPolicy("caption", generates: true), TaskPolicy("image", generates: false),
        TaskPolicy("text", generates: false),
    ]

    @Test func `tasks take turns however much one of them has waiting`() throws {
        var fixture = CoreFixture(tasks: three, maxBatch: 1)
        for job in 1...4 { try fixture.submit(job, "image") }
        try fixture.submit(5, "text")
        try fixture.submit(6, "text")
        var actions: [String] = []
        for _ in 1...6 {
            actions.append(fixture.next())
            fixture.beganAll()
        }
        #expect(
            actions == [
                "begin image [1]", "begin text [5]", "begin image [2]", "begin text [6]", "begin image [3]",
                "begin image [4]",
            ])
    }

    @Test func `a task that waits for room does not let one other task take every batch`() throws {
        var fixture = CoreFixture(tasks: three, maxBatch: 1)
        try fixture.submit(1)
        try fixture.submit(2)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        for job in 3...5 { try fixture.submit(job, "image") }
        for job in 6...7 { try fixture.submit(job, "text") }
        var batches: [String] = []
        for _ in 1...4 {
            #expect(fixture.next() == "step 1")
            fixture.stepped()
            batches.append(fixture.next())
            fixture.beganAll()
        }
        #expect(batches == ["begin image [3]", "begin text [6]", "begin image [4]", "begin text [7]"])
        #expect(fixture.next() == "step 1")
        fixture.stepped(finishing: [1])
        #expect(fixture.next() == "begin caption [2]")
    }

    @Test func `small jobs of another task do not keep a heavy one from its room`() throws {
        let tasks = [TaskPolicy("heavy", generates: true), TaskPolicy("light", generates: true)]
        var fixture = CoreFixture(tasks: tasks, maxBatch: 4, maxBatchBetweenSteps: 4)
        for job in 1...3 { try fixture.submit(job, "light") }
        #expect(fixture.next() == "begin light [1, 2, 3]")
        fixture.beganGenerations()
        try fixture.submit(10, "heavy", size: 4)
        for job in 4...6 { try fixture.submit(job, "light") }
        for done in 1...3 {
            #expect(fixture.next() == "step \(4 - done)")
            fixture.stepped(finishing: [done])
        }
        #expect(fixture.next() == "begin heavy [10]")
    }

    @Test func `a batch is bounded by weight, and a job heavier than that runs alone`() throws {
        var fixture = CoreFixture(maxBatch: 4)
        try fixture.submit(1, "embed", size: 2)
        try fixture.submit(2, "embed", size: 3)
        try fixture.submit(3, "embed", size: 1)
        try fixture.submit(4, "embed", size: 100)
        try fixture.submit(5, "embed", size: 0.1)
        var actions: [String] = []
        for _ in 1...4 {
            actions.append(fixture.next())
            fixture.beganAll()
        }
        #expect(actions == ["begin embed [1]", "begin embed [2, 3]", "begin embed [4]", "begin embed [5]"])
    }

    @Test func `a job heavier than a batch between steps is begun alone instead of never`() throws {
        var fixture = CoreFixture(maxBatch: 8, maxBatchBetweenSteps: 2)
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        try fixture.submit(2, size: 5)
        try fixture.submit(3)
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        #expect(fixture.next() == "begin caption [2]")
    }

    @Test func `while busy a job waits for company no longer than the window`() throws {
        var fixture = CoreFixture(maxBatchBetweenSteps: 3, batchWindow: .milliseconds(50))
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        try fixture.submit(2, "embed")
        fixture.wait(49)
        try fixture.submit(3, "embed")
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        fixture.wait(1)
        #expect(fixture.next() == "begin embed [2, 3]")
        #expect(fixture.reasons() == [.idle, .window])
    }

    @Test func `a full batch does not wait for its window, nor does one that a deadline presses`() throws {
        var fixture = CoreFixture(maxBatchBetweenSteps: 2, batchWindow: .milliseconds(50))
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        try fixture.submit(2, "embed")
        try fixture.submit(3, "embed")
        #expect(fixture.next() == "begin embed [2, 3]")
        fixture.beganAll()
        try fixture.submit(4, "embed", within: .milliseconds(30))
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        #expect(fixture.next() == "begin embed [4]")
        #expect(fixture.reasons() == [.idle, .full, .deadline])
    }

    @Test func `another task whose batch is due is not held up by one that waits for company`() throws {
        var fixture = CoreFixture(tasks: three, maxBatchBetweenSteps: 2, batchWindow: .milliseconds(50))
        try fixture.submit(1)
        #expect(fixture.next() == "begin caption [1]")
        fixture.beganGenerations()
        #expect(fixture.next() == "step 1")
        fixture.stepped()
        try fixture.submit(2, "image")
        try fixture.submit(3, "text")
        try fixture.submit(4, "text")
        #expect(fixture.next() == "begin text [3, 4]")
    }
}
