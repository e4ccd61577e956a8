import Dispatch
import Synchronization

/// Queues jobs from any thread and has one engine thread compute them in batches and steps.
///
/// ```swift
/// let scheduler = Scheduler(
///     SchedulerConfiguration(tasks: [TaskPolicy("caption", generates: true)]), makeWorker: { CaptionWorker(model) })
/// let ticket = try scheduler.submit(job, task: "caption", JobTerms(client: "alice", deadline: .now + .seconds(60))) { … }
/// exchange.onCancel { ticket.cancel() }
/// ```
///
/// Every accepted job gets exactly one outcome. The rules by which batches are formed stand at `SchedulerCore`.
public final class Scheduler<Worker: EngineWorker>: Sendable {
    let engine: Engine<Worker>

    /// Starts the engine thread, which makes its worker there.
    ///
    /// - Parameters:
    ///   - configuration: the tasks and bounds.
    ///   - observer: told what happens, for metrics.
    ///   - now: the clock; tests give their own.
    ///   - makeWorker: makes the worker, on the engine thread.
    public init(
        _ configuration: SchedulerConfiguration, observer: (any SchedulerObserver)? = nil,
        now: @escaping @Sendable () -> EngineInstant = { .now }, makeWorker: @escaping @Sendable () -> Worker
    ) {
        engine = Engine(configuration, observer: observer, now: now)
        let status = EngineThread.start { [engine] in EngineRun(engine, makeWorker()).run() }
        // At start-up, before any request: a process that cannot have its one engine thread cannot serve.
        precondition(status == 0, "the system gives no thread for the engine (error \(status))")
    }

    deinit {
        engine.stop()
    }

    /// Takes jobs of these tasks too from now on; those that it knows stay as they are.
    public func add(_ tasks: [TaskPolicy]) { engine.add(tasks) }

    /// Queues a job; returns at once.
    ///
    /// - Parameters:
    ///   - job: the input.
    ///   - task: which of the configured tasks it belongs to.
    ///   - terms: for whom it is, how much, and until when.
    ///   - onProgress: called after each step that added something to its answer, before `onResult`.
    ///   - onResult: called exactly once.
    ///
    /// Both are called on the engine thread, without a lock held: hand over what takes long. They may submit and cancel.
    /// - Throws: `queueFull`, `draining` or `unknownTask`; `onResult` is not called then.
    @discardableResult public func submit(
        _ job: Worker.Job, task: TaskID, _ terms: JobTerms, onProgress: (@Sendable (Worker.Progress) -> Void)? = nil,
        onResult: @escaping @Sendable (JobOutcome<Worker.Output>) -> Void
    ) throws(SchedulerError) -> Ticket {
        let submission = Submission<Worker>(job: job, onProgress: onProgress, onResult: onResult)
        let id = try engine.submit(submission, task: task, terms)
        return Ticket { [weak engine] in engine?.cancel(id) }
    }

    /// What a job would cost the engine by what is known of its task; zero before the first one.
    public func cost(of task: TaskID, size: Double) -> Duration { engine.cost(of: task, size: size) }

    /// What waits and runs, per task in the configuration's order.
    public var loads: [TaskLoad] { engine.loads }

    /// Whether new jobs are refused because of `beginDraining`, `drain` or `stop`.
    public var isDraining: Bool { engine.isDraining }

    /// Refuses new jobs from now on; accepted ones go on.
    public func beginDraining() {
        engine.beginDraining()
    }

    /// Refuses new jobs, and blocks until every accepted one has its outcome. Those that do not within `limit` are stopped.
    /// Not to be called on the engine thread.
    /// - Returns: whether all ended in time.
    public func drain(within limit: Duration) -> Bool {
        engine.beginDraining()
        let isEmpty = engine.waitUntilEmpty(within: limit)
        engine.stop()
        return isEmpty
    }

    /// Ends the engine thread as soon as it returns from the worker; what has not ended gets `SchedulerError.stopped`.
    public func stop() {
        engine.stop()
    }
}

/// A hold on one submitted job.
public struct Ticket: Sendable {
    private let onCancel: @Sendable () -> Void

    init(onCancel: @escaping @Sendable () -> Void) {
        self.onCancel = onCancel
    }

    /// Ends the job with `SchedulerError.cancelled` unless it ended already. A waiting job frees its place at once; one that is
    /// computed does after the current batch or step. Never calls back on the calling thread.
    public func cancel() {
        onCancel()
    }
}
