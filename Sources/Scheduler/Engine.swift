import Dispatch
import Synchronization

/// A job with the callbacks that take its answer.
struct Submission<Worker: EngineWorker>: Sendable {
    let job: Worker.Job
    let onProgress: (@Sendable (Worker.Progress) -> Void)?
    let onResult: @Sendable (JobOutcome<Worker.Output>) -> Void
}

/// Guards the core with a lock that is never held while computing or calling back. What the core decides is carried out by
/// ``EngineRun``, on the engine thread.
final class Engine<Worker: EngineWorker>: Sendable {
    typealias Core = SchedulerCore<Submission<Worker>, Worker.Output>

    private struct State {
        var core: Core
        var isAsleep = false
    }

    private let state: Mutex<State>
    private let observer: (any SchedulerObserver)?
    let now: @Sendable () -> EngineInstant
    private let wakeUp = DispatchSemaphore(value: 0)
    /// Entered once per accepted job, left when its outcome has been delivered.
    private let unanswered = DispatchGroup()

    init(
        _ configuration: SchedulerConfiguration, observer: (any SchedulerObserver)?,
        now: @escaping @Sendable () -> EngineInstant
    ) {
        state = Mutex(State(core: Core(configuration)))
        self.observer = observer
        self.now = now
    }

    // MARK: From any thread

    func submit(
        _ submission: Submission<Worker>, task: TaskID, _ terms: JobTerms
    ) throws(SchedulerError) -> JobID {
        let time = now()
        let result: Result<JobID, SchedulerError> = change { core in
            do throws(SchedulerError) {
                let id = try core.submit(submission, task: task, terms, at: time)
                unanswered.enter()
                return .success(id)
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let error) = result { observer?.observe(.refused(task: task, error)) }
        return try result.get()
    }

    func add(_ tasks: [TaskPolicy]) {
        change { $0.add(tasks) }
    }

    func cancel(_ id: JobID) {
        let time = now()
        change { $0.cancel(id, at: time) }
    }

    func beginDraining() {
        change { $0.drain() }
    }

    func stop() {
        let time = now()
        change { $0.stop(at: time) }
    }

    func waitUntilEmpty(within limit: Duration) -> Bool {
        let nanoseconds = limit.seconds * 1e9
        // The group is waited for in real time whatever the injected clock: someone who ends a process waits in real time.
        return unanswered.wait(timeout: .now() + .nanoseconds(Int(min(max(nanoseconds, 0), 1e18)))) == .success
    }

    var loads: [TaskLoad] {
        let time = now()
        return state.withLock { $0.core.loads(at: time) }
    }

    func cost(of task: TaskID, size: Double) -> Duration {
        state.withLock { $0.core.cost(of: task, size: size) }
    }

    var isDraining: Bool {
        state.withLock { $0.core.isDraining }
    }

    /// Changes the core and wakes the engine if it sleeps.
    private func change<Value: Sendable>(_ body: (inout Core) -> Value) -> Value {
        let (value, mustWake) = state.withLock { state in
            let value = body(&state.core)
            defer { state.isAsleep = false }
            return (value, state.isAsleep)
        }
        if mustWake { wakeUp.signal() }
        return value
    }

    // MARK: On the engine thread

    /// Asks the core for an action; what has ended and happened meanwhile is to be delivered before it is carried out.
    func decide(
        _ ask: (inout Core) -> Core.Action?
    ) -> (action: Core.Action?, ended: [Core.Ended], events: [SchedulerEvent]) {
        state.withLock { state in
            let action = ask(&state.core)
            if case .wait? = action { state.isAsleep = true }
            return (action, state.core.takeEnded(), state.core.takeEvents())
        }
    }

    /// Sleeps until something changes.
    func sleep() { wakeUp.wait() }

    /// Tells the core what became of an action, or of work elsewhere; nothing that the engine sleeps for.
    func report<Value: Sendable>(_ body: (inout Core) -> Value) -> Value {
        state.withLock { body(&$0.core) }
    }

    /// Answers what has ended, and tells the observer what happened.
    func deliver(_ ended: [Core.Ended], _ events: [SchedulerEvent]) {
        if let observer {
            for event in events { observer.observe(event) }
        }
        for job in ended {
            job.payload.onResult(JobOutcome(result: job.result, timing: job.timing))
            unanswered.leave()
        }
    }
}
