import Dispatch
import Synchronization

/// A job with the callbacks that take its answer.
struct Submission<Worker: EngineWorker>: Sendable {
    let job: Worker.Job
    let onProgress: (@Sendable (Worker.Progress) -> Void)?
    let onResult: @Sendable (JobOutcome<Worker.Output>) -> Void
}

/// Carries out on the engine thread what the core decides, and guards the core with a lock that is never held while computing
/// or calling back.
final class Engine<Worker: EngineWorker>: Sendable {
    private typealias Core = SchedulerCore<Submission<Worker>, Worker.Output>

    private struct State {
        var core: Core
        var isAsleep = false
    }

    private let state: Mutex<State>
    private let observer: (any SchedulerObserver)?
    private let now: @Sendable () -> EngineInstant
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
        _ submission: Submission<Worker>, task: TaskID, weight: Int, deadline: EngineInstant?
    ) throws(SchedulerError) -> JobID {
        let time = now()
        let result: Result<JobID, SchedulerError> = change { core in
            do throws(SchedulerError) {
                let id = try core.submit(submission, task: task, weight: weight, deadline: deadline, at: time)
                unanswered.enter()
                return .success(id)
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let error) = result { observer?.observe(.refused(task: task, error)) }
        return try result.get()
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
        let (seconds, attoseconds) = limit.components
        let nanoseconds = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
        // The group is waited for in real time whatever the injected clock: someone who ends a process waits in real time.
        return unanswered.wait(timeout: .now() + .nanoseconds(Int(min(max(nanoseconds, 0), 1e18)))) == .success
    }

    var loads: [TaskLoad] {
        let time = now()
        return state.withLock { $0.core.loads(at: time) }
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

    /// The engine's life: decide, answer what ended, compute, again.
    func run(_ worker: Worker) {
        var generations: [JobID: Worker.Generation] = [:]
        while true {
            let time = now()
            let (action, ended, events) = state.withLock { state in
                let action = state.core.nextAction(at: time)
                if case .wait = action { state.isAsleep = true }
                return (action, state.core.takeEnded(), state.core.takeEvents())
            }
            for job in ended { generations[job.id] = nil }
            deliver(ended, events)
            switch action {
            case .begin(let task, let jobs):
                begin(task, jobs, worker, &generations)
            case .step(let ids):
                step(ids, worker, &generations)
            case .wait:
                wakeUp.wait()
            case .stop:
                return
            }
        }
    }

    private func begin(
        _ task: TaskID, _ jobs: [(id: JobID, payload: Submission<Worker>)], _ worker: Worker,
        _ generations: inout [JobID: Worker.Generation]
    ) {
        let outcomes = worker.begin(task: task, jobs: jobs.map(\.payload.job))
        let verdicts = zip(jobs, outcomes).map { job, outcome -> Core.BeginVerdict in
            switch outcome {
            case .done(let output): return .done(output)
            case .failed(let error): return .failed(error)
            case .generate(let generation):
                generations[job.id] = generation
                return .generating
            }
        }
        let time = now()
        state.withLock { $0.core.beginEnded(verdicts, at: time) }
    }

    private func step(_ ids: [JobID], _ worker: Worker, _ generations: inout [JobID: Worker.Generation]) {
        let start = now()
        // Every running job has its generation: `begin` stored it, and only the job's end removes it.
        let outcomes = worker.step(ids.compactMap { generations[$0] })
        let end = now()
        let onProgress = state.withLock { state in
            defer { state.core.stepEnded(outcomes.map(Self.verdict), startedAt: start, at: end) }
            return state.core.running.map { $0.isCancelled ? nil : $0.payload.onProgress }
        }
        // Before the next action, hence before the outcome of a generation that this step finished.
        for (report, outcome) in zip(onProgress, outcomes) {
            switch outcome {
            case .advanced(let progress?), .done(_, last: let progress?): report?(progress)
            case .advanced(nil), .done(_, last: nil), .failed: break
            }
        }
    }

    private static func verdict(_ outcome: StepOutcome<Worker.Output, Worker.Progress>) -> Core.StepVerdict {
        switch outcome {
        case .advanced: .advanced
        case .done(let output, last: _): .done(output)
        case .failed(let error): .failed(error)
        }
    }

    private func deliver(_ ended: [Core.Ended], _ events: [SchedulerEvent]) {
        if let observer {
            for event in events { observer.observe(event) }
        }
        for job in ended {
            job.payload.onResult(JobOutcome(result: job.result, timing: job.timing))
            unanswered.leave()
        }
    }
}
