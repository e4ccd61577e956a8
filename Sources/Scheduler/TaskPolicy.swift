/// A kind of work, `caption` or `embed-text`, and the model that does it. Jobs of one task may share a batch.
public struct TaskID: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name, as metrics and messages show it.
    public let name: String
    /// The model's name; empty where there is only one.
    public let model: String

    /// A task with that name.
    public init(_ name: String, model: String = "") {
        self.name = name
        self.model = model
    }

    /// A task named by a literal.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// The name.
    public var description: String { name }
}

/// How the jobs of one task are queued.
public struct TaskPolicy: Sendable {
    /// The task.
    public var task: TaskID
    /// Whether `EngineWorker.begin` may start generations for it. Such jobs are begun only while there is room among the
    /// running generations; others need no room.
    public var generates: Bool

    /// A policy for one task.
    public init(_ task: TaskID, generates: Bool) {
        self.task = task
        self.generates = generates
    }
}

/// The scheduler's bounds.
public struct SchedulerConfiguration: Sendable {
    /// The tasks to begin with, in the order in which they take their first turns; others may be added.
    public var tasks: [TaskPolicy]
    /// Most jobs (by weight) in one batch, and most generations (by weight) that run at once; a client that has none running
    /// may go beyond it, to at most twice the number. Default: 16.
    public var maxBatch: Int
    /// Most jobs that wait per task; one more is refused with `SchedulerError.queueFull`, its own or the newest of the client
    /// that has most. Default: 256.
    public var maxQueue: Int
    /// Most jobs (by weight) begun between two steps of running generations, so that these are not held up by a burst.
    /// Default: 4.
    public var maxBatchBetweenSteps: Int
    /// How long what is begun in one batch may take by what is known of its jobs, where more than one job is in it; and how
    /// far a client may be ahead of another in what it has had of the processors before it has to wait for it. Default: 20 ms.
    public var slice: Duration
    /// How long a job may wait for company while generations are running. A maximum when busy: an idle engine takes what
    /// waits at once, and so does a full batch. Default: zero.
    public var batchWindow: Duration
    /// How many processors the engine computes with: what one of them does elsewhere for a client counts as that much less.
    /// Default: 1.
    public var processors: Int

    /// Bounds with their defaults.
    public init(
        tasks: [TaskPolicy], maxBatch: Int = 16, maxQueue: Int = 256, maxBatchBetweenSteps: Int = 4,
        slice: Duration = .milliseconds(20), batchWindow: Duration = .zero, processors: Int = 1
    ) {
        precondition(
            maxBatch > 0 && maxQueue > 0 && maxBatchBetweenSteps > 0, "a bound of 0 would let no job pass")
        precondition(processors > 0, "an engine computes with one processor at least")
        self.tasks = tasks
        self.maxBatch = maxBatch
        self.maxQueue = maxQueue
        self.maxBatchBetweenSteps = maxBatchBetweenSteps
        self.slice = slice
        self.batchWindow = batchWindow
        self.processors = processors
    }
}
