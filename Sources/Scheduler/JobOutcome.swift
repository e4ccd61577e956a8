/// The scheduler's clock: monotonic, so that intervals survive a change of the wall clock.
public typealias EngineInstant = ContinuousClock.Instant

/// Where a job spent its time.
public struct JobTiming: Sendable, Equatable {
    /// When it was accepted.
    public var submitted: EngineInstant
    /// When its batch was begun; nil if it never was.
    public var began: EngineInstant?
    /// When its batch's `begin` returned; nil if it never did.
    public var encoded: EngineInstant?
    /// When it ended.
    public var ended: EngineInstant
    /// Steps it took part in.
    public var steps = 0
    /// Its part of the time that the engine spent on its batch and its steps.
    public var cost = Duration.zero
    /// How many jobs its batch held.
    public var batchSize = 0

    init(submitted: EngineInstant) {
        self.submitted = submitted
        ended = submitted
    }

    /// Time spent waiting.
    public var queue: Duration { submitted.duration(to: began ?? ended) }
    /// Time its batch took to begin.
    public var begin: Duration { began.map { $0.duration(to: encoded ?? ended) } ?? .zero }
    /// Time from the end of `begin` to its end, steps of all running generations included.
    public var generate: Duration { encoded?.duration(to: ended) ?? .zero }
    /// Time from acceptance to its end.
    public var total: Duration { submitted.duration(to: ended) }
}

/// The one answer to a job.
public struct JobOutcome<Output: Sendable>: Sendable {
    /// The worker's output, the worker's error, or a `SchedulerError`.
    public var result: Result<Output, any Error>
    /// Where the time went.
    public var timing: JobTiming
}
