/// Identifies a job within its scheduler.
struct JobID: Hashable, Sendable {
    let number: UInt64
}

/// The scheduler's decisions as a pure state machine: every input carries the time, nothing blocks, nothing is called back.
///
/// The driver asks `nextAction`, carries it out, and reports with `beginEnded` or `stepEnded`; while it begins a batch, it may
/// ask for an `interlude` and carry that out in the same way. `submit` and `cancel` may come at any time in between. Whatever
/// ended meanwhile is fetched with `takeEnded`. The rules:
///
/// - The turn is that of the client that has had least of the processors, and of those within a slice of it (``FairShares``): they
///   share batches and steps. Others come where these have nothing to do.
/// - A client's jobs of a task are begun in the order of their submission.
/// - Of the tasks that wait, the one served longest ago has the turn. If it waits for room among the running generations, no
///   other generating task takes that room meanwhile: small jobs would keep a heavy one out for ever. A client with none
///   running finds room beyond the bound.
/// - An idle engine begins what waits at once. While generations run, at most one small batch is begun between two steps.
/// - A batch never holds more weight than allowed, nor takes longer than a slice by what is known of its jobs, unless it is one
///   job; and neither do the running generations.
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

    /// What of a job never changes: shared, so that moving it about costs little.
    final class Job {
        let id: JobID
        let task: Int
        let payload: Payload
        let terms: JobTerms
        let weight: Int

        init(id: JobID, task: Int, payload: Payload, terms: JobTerms, weight: Int) {
            self.id = id
            self.task = task
            self.payload = payload
            self.terms = terms
            self.weight = weight
        }
    }

    struct Entry {
        let job: Job
        /// What its client was charged for its beginning, before that was known.
        var advance = Duration.zero
        var isCancelled = false
        var timing: JobTiming

        var id: JobID { job.id }
        var task: Int { job.task }
        var payload: Payload { job.payload }
        var terms: JobTerms { job.terms }
        var weight: Int { job.weight }
        var client: ClientID { job.terms.client }

        func isExpired(at now: EngineInstant) -> Bool {
            terms.deadline.map { $0 <= now } ?? false
        }

        func isOverdue(at now: EngineInstant) -> Bool {
            terms.latestStart.map { $0 <= now } ?? false
        }
    }

    let configuration: SchedulerConfiguration
    /// Every task there is: numbers of tasks are places in this list, and it only grows.
    private(set) var tasks: [TaskPolicy] = []
    private var taskNumbers: [TaskID: Int] = [:]
    private var lastNumber: UInt64 = 0

    /// What waits, per task, oldest first.
    var queues: [[Entry]] = []
    /// What the jobs of each task cost.
    var costs: [TaskCost] = []
    /// What each client has had of the processors.
    var shares: FairShares
    /// The batch that the engine is beginning, and behind it one that it begins while that one pauses.
    var beginnings: [[Entry]] = []
    /// The generations that are stepped, those that had their last step longest ago first.
    var running: [Entry] = []
    /// Those of them in the step that was asked for last, in the order of its outcomes.
    private(set) var stepping: [JobID] = []
    /// Per task, the number of batches begun before its last one; the task with the smallest has the turn.
    var lastTurns: [Int] = []
    var batchCount = 0
    /// Whether the running generations are owed a step before the next batch.
    var owesStep = false
    private(set) var isDraining = false
    private(set) var isStopped = false

    var ended: [Ended] = []
    var events: [SchedulerEvent] = []

    init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        // More than the slice within which clients share: who comes back has the engine to itself for a few requests.
        shares = FairShares(credit: configuration.slice * 8)
        add(configuration.tasks)
    }

    /// Takes jobs of these tasks too from now on. Those that it knows stay as they are.
    mutating func add(_ policies: [TaskPolicy]) {
        let new = policies.filter { taskNumbers[$0.task] == nil }
        for (place, policy) in new.enumerated() {
            taskNumbers[policy.task] = tasks.count
            tasks.append(policy)
            queues.append([])
            costs.append(TaskCost())
            // Before those that had a turn, and in this order among themselves.
            lastTurns.append(place - new.count)
        }
    }

    // MARK: Inputs

    /// Accepts a job, or says why not. A weight above the batch limit counts as the limit: such a job runs alone. Where the
    /// queue is full, the newest job of the client that has most in it makes room for one that has fewer.
    mutating func submit(
        _ payload: Payload, task: TaskID, _ terms: JobTerms, at now: EngineInstant
    ) throws(SchedulerError) -> JobID {
        guard !isDraining else { throw .draining }
        guard let number = taskNumbers[task] else { throw .unknownTask(task) }
        guard queues[number].count < configuration.maxQueue || makeRoom(in: number, for: terms.client, at: now) else {
            throw .queueFull(task: task, bound: configuration.maxQueue)
        }
        lastNumber += 1
        let id = JobID(number: lastNumber)
        shares.join(terms.client)
        queues[number].append(
            Entry(
                job: Job(
                    id: id, task: number, payload: payload, terms: terms,
                    weight: min(terms.weight, configuration.maxBatch)), timing: JobTiming(submitted: now)))
        return id
    }

    /// Ends the newest job of the client with most jobs in a queue, if those are at least two more than another has.
    private mutating func makeRoom(in number: Int, for client: ClientID, at now: EngineInstant) -> Bool {
        let counts = Dictionary(queues[number].map { ($0.client, 1) }, uniquingKeysWith: +)
        let largest = counts.max { ($0.value, $0.key.name) < ($1.value, $1.key.name) }
        guard let (holder, most) = largest, most > (counts[client] ?? 0) + 1,
            let index = queues[number].lastIndex(where: { $0.client == holder })
        else { return false }
        end(queues[number].remove(at: index), .crowdedOut, at: now)
        return true
    }

    /// Ends a waiting job at once, or a started one as soon as the engine returns. Does nothing if it ended already.
    mutating func cancel(_ id: JobID, at now: EngineInstant) {
        for number in queues.indices {
            if let index = queues[number].firstIndex(where: { $0.id == id }) {
                end(queues[number].remove(at: index), .cancelledInQueue, at: now)
                return
            }
        }
        for level in beginnings.indices {
            if let index = beginnings[level].firstIndex(where: { $0.id == id }) {
                beginnings[level][index].isCancelled = true
            }
        }
        if let index = running.firstIndex(where: { $0.id == id }) { running[index].isCancelled = true }
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

    /// The generations of the step that was asked for last, which leave those that run until their outcomes are known.
    mutating func takeStepping() -> [Entry] {
        let entries = steppedEntries
        running.removeAll { stepping.contains($0.id) }
        stepping = []
        return entries
    }

    /// The generations of the step that was asked for last, in the order of its outcomes.
    var steppedEntries: [Entry] {
        stepping.compactMap { id in running.first { $0.id == id } }
    }

    /// Asks for a step of these generations.
    mutating func step(_ ids: [JobID]) -> Action {
        stepping = ids
        return .step(ids)
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

    /// What a job would cost by what is known of its task; zero before the first one.
    func cost(of task: TaskID, size: Double) -> Duration {
        taskNumbers[task].map { costs[$0].whole(size: size) } ?? .zero
    }

    /// What waits and runs, per task.
    func loads(at now: EngineInstant) -> [TaskLoad] {
        let started = beginnings.joined() + running
        return queues.indices.map { number in
            TaskLoad(
                task: tasks[number].task, waiting: queues[number].count,
                oldestWait: queues[number].first?.timing.submitted.duration(to: now) ?? .zero,
                running: started.count { $0.task == number })
        }
    }
}

extension SchedulerCore: Sendable where Payload: Sendable, Output: Sendable {}
extension SchedulerCore.Job: Sendable where Payload: Sendable {}
extension SchedulerCore.Entry: Sendable where Payload: Sendable, Output: Sendable {}
extension SchedulerCore.Ended: Sendable where Payload: Sendable, Output: Sendable {}
