import Synchronization
import Testing

@testable import Scheduler

/// Many threads on the real engine thread.
@Suite struct SchedulerStressTests {
    /// What the worker saw, to be looked at when all is over.
    private final class Record: Sendable {
        let begun = Mutex<[Int]>([])
        let largestBatch = Atomic(0)
        let mostRunning = Atomic(0)
        let calls = Atomic(0)
        let overlaps = Atomic(0)

        func inside<Value>(_ body: () -> Value) -> Value {
            if calls.add(1, ordering: .sequentiallyConsistent).oldValue != 0 {
                overlaps.add(1, ordering: .relaxed)
            }
            defer { calls.subtract(1, ordering: .sequentiallyConsistent) }
            return body()
        }
    }

    private struct Worker: EngineWorker {
        final class Generation {
            let job: Int
            var left: Int

            init(_ job: Int) {
                self.job = job
                left = job % 7 + 1
            }
        }

        let record: Record

        func begin(task: TaskID, jobs: [Int], pause: () -> Void) -> [BeginOutcome<Generation, Int>] {
            record.inside {
                record.begun.withLock { $0 += jobs }
                record.largestBatch.max(jobs.count, ordering: .relaxed)
                return jobs.map { task == "generate" ? .generate(Generation($0)) : .done($0) }
            }
        }

        func step(_ generations: [Generation]) -> [StepOutcome<Int, Int>] {
            record.inside {
                record.mostRunning.max(generations.count, ordering: .relaxed)
                return generations.map { generation in
                    generation.left -= 1
                    return generation.left == 0 ? .done(generation.job, last: nil) : .advanced(generation.left)
                }
            }
        }
    }

    /// What clients saw: per job its results; and how many were refused.
    private final class Clients: Sendable {
        let results = Mutex<[Int: [Result<Int, any Error>]]>([:])
        let progressAfterResult = Atomic(0)
        let accepted = Mutex<Set<Int>>([])
        let refused = Atomic(0)
    }

    @Test func `threads that submit, cancel and run out of time each get one answer per job`() async {
        let (record, clients) = (Record(), Clients())
        let configuration = SchedulerConfiguration(
            tasks: [TaskPolicy("generate", generates: true), TaskPolicy("batch", generates: false)], maxBatch: 8,
            maxQueue: 32)
        let scheduler = Scheduler(configuration) { Worker(record: record) }
        let (threads, perThread) = (8, 1500)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    for index in 0..<perThread { Self.submit(thread * perThread + index, to: scheduler, clients) }
                }
            }
        }
        #expect(scheduler.drain(within: .seconds(600)))

        let results = clients.results.withLock { $0 }
        let accepted = clients.accepted.withLock { $0 }
        #expect(accepted.count + clients.refused.load(ordering: .relaxed) == threads * perThread)
        #expect(Set(results.keys) == accepted)
        #expect(results.filter { $0.value.count != 1 }.isEmpty)
        #expect(results.filter { !Self.isExpected($0.value, for: $0.key) }.isEmpty)
        #expect(clients.progressAfterResult.load(ordering: .relaxed) == 0)

        let begun = record.begun.withLock { $0 }
        #expect(Set(begun).count == begun.count)
        #expect(Set(begun).isSubset(of: accepted))
        #expect(record.largestBatch.load(ordering: .relaxed) <= 8)
        #expect(record.mostRunning.load(ordering: .relaxed) <= 8)
        #expect(record.overlaps.load(ordering: .relaxed) == 0)
    }

    private static func submit(_ job: Int, to scheduler: Scheduler<Worker>, _ clients: Clients) {
        do throws(SchedulerError) {
            let ticket = try scheduler.submit(
                job, task: job.isMultiple(of: 3) ? "batch" : "generate",
                JobTerms(client: ClientID("\(job % 4)"), deadline: job.isMultiple(of: 11) ? .now : nil),
                onProgress: { _ in
                    if clients.results.withLock({ $0[job] != nil }) {
                        clients.progressAfterResult.add(1, ordering: .relaxed)
                    }
                },
                onResult: { outcome in clients.results.withLock { $0[job, default: []].append(outcome.result) } })
            clients.accepted.withLock { _ = $0.insert(job) }
            if job.isMultiple(of: 5) { ticket.cancel() }
        } catch {
            clients.refused.add(1, ordering: .relaxed)
        }
    }

    private static func isExpected(_ results: [Result<Int, any Error>], for job: Int) -> Bool {
        switch results.first {
        case .success(let number): number == job
        case .failure(SchedulerError.cancelled): job.isMultiple(of: 5)
        case .failure(SchedulerError.queueFull): true
        case .failure(SchedulerError.deadlineExceeded): job.isMultiple(of: 11)
        case .failure, nil: false
        }
    }

    @Test func `a scheduler that is drained while others submit answers exactly what it accepted`() async {
        let (record, clients) = (Record(), Clients())
        let scheduler = Scheduler(
            SchedulerConfiguration(
                tasks: [TaskPolicy("generate", generates: true), TaskPolicy("batch", generates: false)],
                maxQueue: 10_000)
        ) { Worker(record: record) }
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for index in 0..<1000 { Self.submit(thread * 1000 + index, to: scheduler, clients) }
                }
            }
            group.addTask { scheduler.beginDraining() }
        }
        #expect(scheduler.drain(within: .seconds(600)))
        let results = clients.results.withLock { $0 }
        #expect(Set(results.keys) == clients.accepted.withLock { $0 })
        #expect(results.filter { $0.value.count != 1 }.isEmpty)
        #expect(scheduler.loads.allSatisfy { $0.waiting == 0 && $0.running == 0 })
    }
}
