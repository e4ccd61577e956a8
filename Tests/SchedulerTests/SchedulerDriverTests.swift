import Dispatch
import Synchronization
import Testing

@testable import Scheduler

/// Counts a job down, one per step; a job of 0 is done at once, one below fails.
private struct CountdownWorker: EngineWorker {
    struct Broken: Error {}

    final class Countdown {
        let start: Int
        var left: Int

        init(_ start: Int) {
            self.start = start
            left = start
        }
    }

    func begin(task: TaskID, jobs: [Int], pause: () -> Void) -> [BeginOutcome<Countdown, String>] {
        jobs.map { job in
            job < 0 ? .failed(Broken()) : job == 0 ? .done("0") : .generate(Countdown(job))
        }
    }

    func step(_ generations: [Countdown]) -> [StepOutcome<String, Int>] {
        generations.map { generation in
            generation.left -= 1
            return generation.left == 0 ? .done("\(generation.start)", last: 0) : .advanced(generation.left)
        }
    }
}

@Suite struct SchedulerDriverTests {
    private func makeScheduler(processors: Int = 1) -> Scheduler<CountdownWorker> {
        Scheduler(
            SchedulerConfiguration(tasks: [TaskPolicy("count", generates: true)], processors: processors)
        ) { CountdownWorker() }
    }

    @Test func `a processor's work elsewhere counts as its part of the engine's`() throws {
        let scheduler = makeScheduler(processors: 4)
        scheduler.prepare("one")
        scheduler.prepare("two")
        scheduler.charge("one", processorTime: .milliseconds(700))
        #expect(scheduler.place(of: "one") == .level, "175 ms: the credit and less than a slice")
        scheduler.charge("one", processorTime: .milliseconds(60))
        #expect(scheduler.place(of: "one") == .ahead)
        _ = scheduler.drain(within: .zero)
    }

    @Test func `a job's progress comes in order and before its one result`() async throws {
        let scheduler = makeScheduler()
        let seen = Mutex<[String]>([])
        let outcome = await withCheckedContinuation { continuation in
            _ = try? scheduler.submit(
                3, task: "count", JobTerms(client: "one"),
                onProgress: { left in seen.withLock { $0.append("\(left)") } },
                onResult: { continuation.resume(returning: $0) })
        }
        #expect(try outcome.result.get() == "3")
        #expect(seen.withLock { $0 } == ["2", "1", "0"])
        #expect(outcome.timing.steps == 3)
        #expect(outcome.timing.batchSize == 1)
    }

    @Test func `draining refuses new jobs and lets accepted ones end`() throws {
        let scheduler = makeScheduler()
        let results = Mutex<[String]>([])
        for job in 0..<20 {
            try scheduler.submit(job, task: "count", JobTerms(client: "one")) { outcome in
                results.withLock { $0.append((try? outcome.result.get()) ?? "failed") }
            }
        }
        #expect(scheduler.drain(within: .seconds(600)))
        #expect(results.withLock { $0.count } == 20)
        #expect(throws: SchedulerError.draining) {
            try scheduler.submit(1, task: "count", JobTerms(client: "one")) { _ in }
        }
    }

    @Test func `a worker's error reaches its job`() async throws {
        let scheduler = makeScheduler()
        let outcome = await withCheckedContinuation { continuation in
            _ = try? scheduler.submit(-1, task: "count", JobTerms(client: "one")) { continuation.resume(returning: $0) }
        }
        #expect(throws: CountdownWorker.Broken.self) { try outcome.result.get() }
    }

    @Test func `results may submit further jobs from the engine thread`() async {
        let scheduler = makeScheduler()
        await withCheckedContinuation { continuation in
            chain(scheduler, length: 500) { continuation.resume() }
        }
        #expect(scheduler.drain(within: .seconds(600)))
    }

    @Test func `a refusal is observed where it happens`() {
        struct Observer: SchedulerObserver {
            let seen = Seen()

            final class Seen: Sendable {
                let events = Mutex<[SchedulerEvent]>([])
            }

            func observe(_ event: SchedulerEvent) {
                seen.events.withLock { $0.append(event) }
            }
        }
        let observer = Observer()
        let scheduler = Scheduler(
            SchedulerConfiguration(tasks: [TaskPolicy("count", generates: true)]), observer: observer
        ) { CountdownWorker() }
        scheduler.beginDraining()
        #expect(throws: SchedulerError.draining) {
            try scheduler.submit(1, task: "count", JobTerms(client: "one")) { _ in }
        }
        #expect(observer.seen.events.withLock { $0 } == [.refused(task: "count", .draining)])
        #expect(scheduler.isDraining)
    }

    private func chain(
        _ scheduler: Scheduler<CountdownWorker>, length: Int, then finish: @escaping @Sendable () -> Void
    ) {
        _ = try? scheduler.submit(length % 3, task: "count", JobTerms(client: "one")) { [self, scheduler] _ in
            length == 0 ? finish() : chain(scheduler, length: length - 1, then: finish)
        }
    }
}
