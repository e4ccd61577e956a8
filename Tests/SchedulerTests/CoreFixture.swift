@testable import Scheduler

/// A core whose jobs are numbers, with a clock that only the test moves.
struct CoreFixture {
    typealias Core = SchedulerCore<Int, String>

    var core: Core
    var now = EngineInstant.now

    init(
        tasks: [TaskPolicy] = [TaskPolicy("caption", generates: true), TaskPolicy("embed", generates: false)],
        maxBatch: Int = 4, maxQueue: Int = 8, maxBatchBetweenSteps: Int = 2, batchWindow: Duration = .zero
    ) {
        core = Core(
            SchedulerConfiguration(
                tasks: tasks, maxBatch: maxBatch, maxQueue: maxQueue, maxBatchBetweenSteps: maxBatchBetweenSteps,
                batchWindow: batchWindow))
    }

    @discardableResult mutating func submit(
        _ job: Int, _ task: TaskID = "caption", size: Double = 1, for client: ClientID = "one",
        within limit: Duration? = nil, startWithin start: Duration? = nil
    ) throws -> JobID {
        try core.submit(
            job, task: task,
            JobTerms(
                client: client, size: size, deadline: limit.map { now.advanced(by: $0) },
                latestStart: start.map { now.advanced(by: $0) }), at: now)
    }

    mutating func wait(_ milliseconds: Int) {
        now = now.advanced(by: .milliseconds(milliseconds))
    }

    /// The next action in short: `begin caption [1, 2]`, `step 2`, `wait`, `stop`.
    mutating func next() -> String {
        switch core.nextAction(at: now) {
        case .begin(let task, let jobs): "begin \(task) \(jobs.map(\.payload))"
        case .step(let ids): "step \(ids.count)"
        case .wait: "wait"
        case .stop: "stop"
        }
    }

    /// The jobs of the next action, whatever it is.
    mutating func nextJobs() -> [Int] {
        switch core.nextAction(at: now) {
        case .begin(_, let jobs): jobs.map(\.payload)
        case .step(let ids): core.running.filter { ids.contains($0.id) }.map(\.payload)
        case .wait, .stop: []
        }
    }

    /// Reports that every job of the batch started a generation.
    mutating func beganGenerations() {
        core.beginEnded(core.beginnings.last?.map { _ in .generating } ?? [], at: now)
    }

    /// Reports that every job of the batch is done.
    mutating func beganAll() {
        core.beginEnded(core.beginnings.last?.map { .done("\($0.payload)") } ?? [], at: now)
    }

    /// Reports a step that finished the generations of these jobs.
    mutating func stepped(finishing jobs: Set<Int> = [], took: Duration = .zero) {
        core.stepEnded(
            core.steppedEntries.map { jobs.contains($0.payload) ? .done("\($0.payload)") : .advanced },
            startedAt: now.advanced(by: took * -1), at: now)
    }

    /// What ended since the last call, in short: `1 done`, `2 deadlineExceeded(…)`.
    mutating func ended() -> [String] {
        core.takeEnded().map { job in
            switch job.result {
            case .success: "\(job.payload) done"
            case .failure(let error as SchedulerError): "\(job.payload) \(Self.word(error))"
            case .failure: "\(job.payload) failed"
            }
        }
    }

    /// The reasons of the batches begun since the last call.
    mutating func reasons() -> [BatchReason] {
        core.takeEvents().compactMap {
            if case .batch(_, _, let reason) = $0 { reason } else { nil }
        }
    }

    private static func word(_ error: SchedulerError) -> String {
        switch error {
        case .cancelled(let started): started ? "cancelled running" : "cancelled waiting"
        case .deadlineExceeded(_, let started): started ? "expired running" : "expired waiting"
        case .stopped: "stopped"
        case .outcomeMissing: "outcome missing"
        case .unexpectedGeneration: "unexpected generation"
        case .overdue: "overdue"
        case .queueFull, .draining, .unknownTask: "refused"
        }
    }
}
