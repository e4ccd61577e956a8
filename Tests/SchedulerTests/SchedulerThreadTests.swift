import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Scheduler

/// The engine thread itself: what clients that go away, threads that race and ends of life do to it.
@Suite struct SchedulerThreadTests {
    private let gate = EngineGate()
    private let released = Released()

    private final class Released: Sendable {
        let jobs = Mutex<[Int]>([])
    }

    private func makeScheduler() -> Scheduler<GatedWorker> {
        Scheduler(SchedulerConfiguration(tasks: [TaskPolicy("count", generates: true)], maxBatch: 2)) {
            [gate, released] in
            GatedWorker(gate: gate) { job in released.jobs.withLock { $0.append(job) } }
        }
    }

    /// Submits a job whose result the returned closure waits for.
    private func submit(
        _ job: Int, to scheduler: Scheduler<GatedWorker>
    ) throws -> (ticket: Ticket, result: () -> Result<Int, any Error>) {
        let outcome = Awaited()
        let ticket = try scheduler.submit(job, task: "count", JobTerms(client: "one")) { outcome.fill($0.result) }
        return (ticket, { outcome.wait() })
    }

    /// A result that one thread waits for and another brings.
    private final class Awaited: Sendable {
        private let result = Mutex<Result<Int, any Error>>(.failure(CancellationError()))
        private let isThere = DispatchSemaphore(value: 0)

        func fill(_ result: Result<Int, any Error>) {
            self.result.withLock { $0 = result }
            isThere.signal()
        }

        func wait() -> Result<Int, any Error> {
            isThere.wait()
            return result.withLock { $0 }
        }
    }

    @Test func `a client that goes away in the queue is never computed`() throws {
        let scheduler = makeScheduler()
        let first = try submit(1, to: scheduler)
        gate.waitUntilInside()
        let gone = try submit(5, to: scheduler)
        let third = try submit(2, to: scheduler)
        gone.ticket.cancel()
        #expect(scheduler.loads.map(\.waiting) == [1])
        gate.open()
        #expect(throws: SchedulerError.cancelled(started: false)) { try gone.result().get() }
        #expect(try first.result().get() == 1)
        #expect(try third.result().get() == 2)
        #expect(!gate.log.contains { $0.contains("5") })
    }

    @Test func `a client that goes away while its batch is begun is not stepped, and its state is released`() throws {
        let scheduler = makeScheduler()
        let gone = try submit(50, to: scheduler)
        gate.waitUntilInside()
        gone.ticket.cancel()
        gate.open()
        #expect(throws: SchedulerError.cancelled(started: true)) { try gone.result().get() }
        #expect(gate.log == ["begin [50]"])
        #expect(released.jobs.withLock { $0 } == [50])
    }

    @Test func `a client that goes away between steps frees its place after the step`() throws {
        let scheduler = makeScheduler()
        let gone = try submit(50, to: scheduler)
        gate.waitUntilInside()
        gate.letOut()
        gate.waitUntilInside()
        #expect(gate.log == ["begin [50]", "step [50]"])
        let next = try submit(1, to: scheduler)
        gone.ticket.cancel()
        gate.open()
        #expect(throws: SchedulerError.cancelled(started: true)) { try gone.result().get() }
        #expect(try next.result().get() == 1)
        #expect(gate.log == ["begin [50]", "step [50]", "begin [1]", "step [1]"])
        gone.ticket.cancel()
        #expect(scheduler.drain(within: .seconds(600)))
    }

    @Test func `jobs join running generations and leave them one by one`() throws {
        let scheduler = makeScheduler()
        let long = try submit(3, to: scheduler)
        gate.waitUntilInside()
        let short = try submit(1, to: scheduler)
        gate.open()
        #expect(try short.result().get() == 1)
        #expect(try long.result().get() == 3)
        #expect(gate.log == ["begin [3]", "step [3]", "begin [1]", "step [3, 1]", "step [3]"])
    }

    @Test func `draining that takes too long stops what is left and says so`() throws {
        let scheduler = makeScheduler()
        let running = try submit(3, to: scheduler)
        gate.waitUntilInside()
        let waiting = try submit(4, to: scheduler)
        #expect(!scheduler.drain(within: .zero))
        gate.open()
        #expect(throws: SchedulerError.stopped) { try running.result().get() }
        #expect(throws: SchedulerError.stopped) { try waiting.result().get() }
        #expect(gate.log == ["begin [3]"])
    }

    @Test func `a scheduler that nobody refers to ends its thread and releases its worker`() {
        let isReleased = DispatchSemaphore(value: 0)
        final class Sentinel: Sendable {
            let isReleased: DispatchSemaphore
            init(_ isReleased: DispatchSemaphore) { self.isReleased = isReleased }
            deinit { isReleased.signal() }
        }
        struct Worker: EngineWorker {
            let sentinel: Sentinel

            func begin(task: TaskID, jobs: [Int], pause: () -> Void) -> [BeginOutcome<Int, Int>] {
                jobs.map { .done($0) }
            }
            func step(_ generations: [Int]) -> [StepOutcome<Int, Int>] { [] }
        }
        do {
            _ = Scheduler(SchedulerConfiguration(tasks: [TaskPolicy("a", generates: false)])) {
                Worker(sentinel: Sentinel(isReleased))
            }
        }
        #expect(isReleased.wait(timeout: .now() + 600) == .success)
    }

    @Test func `the engine thread is less urgent than the thread that made it`() throws {
        struct Worker: EngineWorker {
            func begin(task: TaskID, jobs: [Int], pause: () -> Void) -> [BeginOutcome<Int, Int>] {
                jobs.map { _ in .done(Int(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))) }
            }
            func step(_ generations: [Int]) -> [StepOutcome<Int, Int>] { [] }
        }
        let scheduler = Scheduler(SchedulerConfiguration(tasks: [TaskPolicy("a", generates: false)])) { Worker() }
        let own = Int(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
        let seen = Mutex<Int?>(nil)
        try scheduler.submit(0, task: "a", JobTerms(client: "one")) { outcome in
            seen.withLock { $0 = try? outcome.result.get() }
        }
        #expect(scheduler.drain(within: .seconds(600)))
        #expect(seen.withLock { $0 } == min(own + 10, 19))
    }
}
