/// What the engine can compute. Made and used on the engine thread alone, so it needs no locks.
public protocol EngineWorker: SendableMetatype {
    /// The input of one request, decoded and ready to compute with.
    associatedtype Job: Sendable
    /// The state of one request that is computed step by step (for a caption: its tokens, beams and key/value cache).
    associatedtype Generation
    /// The answer to one job.
    associatedtype Output: Sendable
    /// What one step adds to an unfinished answer, for streaming (for a caption: the new text).
    associatedtype Progress: Sendable

    /// Runs one batch of one task and returns one outcome per job, in the jobs' order.
    ///
    /// A job of a task whose policy says `generates` may return a started generation, which is then stepped until it is done.
    ///
    /// - Parameter pause: to be called wherever a batch that takes long may be interrupted, every few milliseconds: `begin`
    ///   and `step` are then called within it for others whose turn it is. Those calls do not pause themselves.
    func begin(task: TaskID, jobs: [Job], pause: () -> Void) -> [BeginOutcome<Generation, Output>]

    /// Advances all given generations by one step, together, and returns one outcome per generation, in their order.
    ///
    /// The generations may belong to several tasks and be of different age. A generation that is cancelled or past its
    /// deadline is simply released between steps.
    func step(_ generations: [Generation]) -> [StepOutcome<Output, Progress>]
}

/// What became of one job of a batch.
public enum BeginOutcome<Generation, Output> {
    /// The answer; nothing more to do.
    case done(Output)
    /// The job goes on step by step.
    case generate(Generation)
    /// The job failed; the others of its batch did not.
    case failed(any Error)
}

/// What became of one generation in a step.
public enum StepOutcome<Output, Progress> {
    /// Not done yet; nil if nothing new can be shown.
    case advanced(Progress?)
    /// Done, with what the last step added, if anything.
    case done(Output, last: Progress?)
    /// The generation failed; the others did not.
    case failed(any Error)
}
