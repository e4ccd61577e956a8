/// Is told what the scheduler does, for metrics. Called without any lock held, on the engine thread, except for `refused`,
/// which comes from the submitting thread. Must not block.
public protocol SchedulerObserver: Sendable {
    /// Something happened.
    func observe(_ event: SchedulerEvent)
}

/// What an observer is told.
public enum SchedulerEvent: Sendable, Equatable {
    /// A job was not accepted.
    case refused(task: TaskID, SchedulerError)
    /// A batch is about to be begun; `waits` holds each job's time in the queue.
    case batch(task: TaskID, waits: [Duration], reason: BatchReason)
    /// `begin` returned after that long.
    case begun(task: TaskID, size: Int, took: Duration)
    /// `step` returned after that long; `sizes` counts the generations of each task that took part.
    case stepped(sizes: [TaskID: Int], took: Duration)
    /// A job got its answer.
    case ended(task: TaskID, JobEnd, JobTiming)
}

/// Why a batch was begun when it was.
public enum BatchReason: String, Sendable, CaseIterable {
    /// No more jobs fit.
    case full
    /// No generation was running, so waiting could only cost time.
    case idle
    /// The oldest job had waited for company long enough.
    case window
    /// Waiting for company would have cost a job its deadline.
    case deadline
}

/// How a job ended.
public enum JobEnd: String, Sendable, CaseIterable {
    /// With the worker's output.
    case done
    /// With the worker's error.
    case failed
    /// Cancelled while it waited.
    case cancelledInQueue
    /// Cancelled while it was computed.
    case cancelledRunning
    /// Its deadline passed while it waited.
    case expiredInQueue
    /// Its deadline passed while it was computed.
    case expiredRunning
    /// It waited longer than its terms allow.
    case overdue
    /// It made room for a job of a client that had fewer waiting.
    case crowdedOut
    /// The scheduler ended first.
    case stopped
}

/// What waits and runs for one task at this moment.
public struct TaskLoad: Sendable, Equatable {
    /// The task.
    public var task: TaskID
    /// Jobs that wait.
    public var waiting: Int
    /// How long the oldest of them has waited; zero if none waits.
    public var oldestWait: Duration
    /// Jobs being begun or stepped.
    public var running: Int

    /// The load of one task.
    public init(task: TaskID, waiting: Int, oldestWait: Duration, running: Int) {
        self.task = task
        self.waiting = waiting
        self.oldestWait = oldestWait
        self.running = running
    }
}
