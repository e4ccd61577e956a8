/// Identifies a job within its scheduler.
struct JobID: Hashable, Sendable {
    let number: UInt64
}

/// The scheduler's decisions as a pure state machine: every input carries the time, nothing blocks, nothing is called back.
///
/// The driver asks `nextAction`, carries it out, and reports with `beginEnded` or `stepEnded`; `submit` and `cancel` may come
/// at any time in between. Whatever ended meanwhile is fetched with `takeEnded`. The rules:
///
/// - Jobs of a task are begun in the order of their submission.
/// - Of the tasks that wait, the one served longest ago has the turn. If it waits for room among the running generations, no
///   other generating task takes that room meanwhile: small jobs would keep a heavy one out for ever.
/// - An idle engine begins what waits at once. While generations run, at most one small batch is begun between two steps.
/// - A batch never holds more weight than allowed, and neither do the running generations.
/// - Every accepted job ends exactly once.
struct SchedulerCore<Payload, Output> {
    /// What the engine should do now.
    enum Action {
        /// Begin a batch.
        case begin(TaskID, [(id: JobID, payload: Payload)])
        /// Step these generations.
        case step([JobID])
        /// Sleep until something is submitted or cancelled, or the scheduler stopped.
        case wait
        /// End; every job has ended.
        case stop
    }

    /// What `begin` said about one job.
    enum BeginVerdict {
        case done(Output)
        case generating
        case failed(any Error)
    }

    /// What `step` said about one generation.
    enum StepVerdict {
        case advanced
        case done(Output)
        case failed(any Error)
    }

    /// A job that ended, to be answered.
    struct Ended {
        let id: JobID
        let payload: Payload
        let result: Result<Output, any Error>
        let timing: JobTiming
    }

    struct Entry {
        let id: JobID
        let task: Int
        let payload: Payload
        let weight: Int
        let deadline: EngineInstant?
        var isCancelled = false
        var timing: JobTiming

        func isExpired(at now: EngineInstant) -> Bool {
            deadline.map { $0 <= now } ?? false
        }
    }

    let configuration: SchedulerConfiguration
    private let taskNumbers: [TaskID: Int]
    private var lastNumber: UInt64 = 0

    /// What waits, per task, oldest first.
    var queues: [[Entry]]
    /// The batch that the engine is beginning.
    var beginning: [Entry] = []
    /// The generations that are stepped, oldest first.
    var running: [Entry] = []
    /// Per task, the number of batches begun before its last one; the task with the smallest has the turn.
    var lastTurns: [Int]
    var batchCount = 0
    /// Whether the running generations are owed a step before the next batch.
    var owesStep = false
    private(set) var isDraining = false
    private(set) var isStopped = false

    var ended: [Ended] = []
    var events: [SchedulerEvent] = []

    init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        taskNumbers = Dictionary(
            configuration.tasks.enumerated().map { ($1.task, $0) }, uniquingKeysWith: { first, _ in first })
        queues = Array(repeating: [], count: configuration.tasks.count)
        lastTurns = Array(configuration.tasks.indices.map { $0 - configuration.tasks.count })
    }

    // MARK: Inputs

    /// Accepts a job, or says why not. A weight above the batch limit counts as the limit: such a job runs alone.
    mutating func submit(
        _ payload: Payload, task: TaskID, weight: Int = 1, deadline: EngineInstant?, at now: EngineInstant
    ) throws(SchedulerError) -> JobID {
        guard !isDraining else { throw .draining }
        guard let number = taskNumbers[task] else { throw .unknownTask(task) }
        guard queues[number].count < configuration.maxQueue else {
            throw .queueFull(task: task, bound: configuration.maxQueue)
        }
        lastNumber += 1
        let id = JobID(number: lastNumber)
        queues[number].append(
            Entry(
                id: id, task: number, payload: payload, weight: min(max(weight, 1), configuration.maxBatch),
                deadline: deadline, timing: JobTiming(submitted: now)))
        return id
    }

    /// Ends a waiting job at once, or a started one as soon as the engine returns. Does nothing if it ended already.
    mutating func cancel(_ id: JobID, at now: EngineInstant) {
        for number in queues.indices {
            if let index = queues[number].firstIndex(where: { $0.id == id }) {
                end(queues[number].remove(at: index), .cancelledInQueue, at: now)
                return
            }
        }
        if let index = beginning.firstIndex(where: { $0.id == id }) {
            beginning[index].isCancelled = true
        } else if let index = running.firstIndex(where: { $0.id == id }) {
            running[index].isCancelled = true
        }
    }

    /// Refuses new jobs from now on.
    mutating func drain() {
        isDraining = true
    }

    /// Ends every job: those that wait at once, those begun as soon as the engine returns.
    mutating func stop(at now: EngineInstant) {
        isDraining = true
        isStopped = true
        for number in queues.indices {
            let waiting = queues[number]
            queues[number] = []
            for entry in waiting { end(entry, .stopped, at: now) }
        }
    }

    // MARK: Outputs

    /// What ended since the last call, in the order of ending.
    mutating func takeEnded() -> [Ended] {
        defer { ended = [] }
        return ended
    }

    /// What happened since the last call.
    mutating func takeEvents() -> [SchedulerEvent] {
        defer { events = [] }
        return events
    }

    /// What waits and runs, per task.
    func loads(at now: EngineInstant) -> [TaskLoad] {
        queues.indices.map { number in
            TaskLoad(
                task: configuration.tasks[number].task, waiting: queues[number].count,
                oldestWait: queues[number].first?.timing.submitted.duration(to: now) ?? .zero,
                running: beginning.count { $0.task == number } + running.count { $0.task == number })
        }
    }

    // MARK: Ends

    /// Ends a job without an output of the worker.
    mutating func end(_ entry: Entry, _ end: JobEnd, at now: EngineInstant) {
        let task = configuration.tasks[entry.task].task
        let error: SchedulerError =
            switch end {
            case .cancelledInQueue: .cancelled(started: false)
            case .cancelledRunning: .cancelled(started: true)
            case .expiredInQueue: .deadlineExceeded(task: task, started: false)
            case .expiredRunning: .deadlineExceeded(task: task, started: true)
            case .stopped, .done, .failed: .stopped
            }
        self.end(entry, end, .failure(error), at: now)
    }

    /// Ends a job with a result.
    mutating func end(_ entry: Entry, _ end: JobEnd, _ result: Result<Output, any Error>, at now: EngineInstant) {
        var timing = entry.timing
        timing.ended = now
        ended.append(Ended(id: entry.id, payload: entry.payload, result: result, timing: timing))
        events.append(.ended(task: configuration.tasks[entry.task].task, end, timing))
    }
}

extension SchedulerCore: Sendable where Payload: Sendable, Output: Sendable {}
extension SchedulerCore.Entry: Sendable where Payload: Sendable, Output: Sendable {}
extension SchedulerCore.Ended: Sendable where Payload: Sendable, Output: Sendable {}
