/// The engine's life on its own thread: decide, answer what ended, compute, again.
final class EngineRun<Worker: EngineWorker> {
    private typealias Core = Engine<Worker>.Core

    private let engine: Engine<Worker>
    private let worker: Worker
    private var generations: [JobID: Worker.Generation] = [:]

    init(_ engine: Engine<Worker>, _ worker: Worker) {
        self.engine = engine
        self.worker = worker
    }

    /// Returns when the engine was stopped.
    func run() {
        while let action = decide({ [engine] core in core.nextAction(at: engine.now()) }) {
            switch action {
            case .begin(let task, let jobs): begin(task, jobs, pauses: true)
            case .step(let ids): step(ids)
            case .wait: engine.sleep()
            case .stop: return
            }
        }
    }

    private func decide(_ ask: (inout Core) -> Core.Action?) -> Core.Action? {
        let (action, ended, events) = engine.decide(ask)
        // Released before its client hears of its end.
        for job in ended { generations[job.id] = nil }
        engine.deliver(ended, events)
        return action
    }

    private func begin(_ task: TaskID, _ jobs: [(id: JobID, payload: Submission<Worker>)], pauses: Bool) {
        var paused = Duration.zero
        let outcomes = worker.begin(task: task, jobs: jobs.map(\.payload.job)) {
            if pauses { paused += interlude() }
        }
        let verdicts = zip(jobs, outcomes).map { job, outcome -> Core.BeginVerdict in
            switch outcome {
            case .done(let output): return .done(output)
            case .failed(let error): return .failed(error)
            case .generate(let generation):
                generations[job.id] = generation
                return .generating
            }
        }
        let time = engine.now()
        engine.report { [paused] in $0.beginEnded(verdicts, paused: paused, at: time) }
    }

    /// Does for others what their turn allows while a batch pauses; returns how long that took.
    private func interlude() -> Duration {
        let start = engine.now()
        var isFirst = true
        while let action = decide({ [engine] core in core.interlude(isFirst: isFirst, at: engine.now()) }) {
            switch action {
            case .begin(let task, let jobs): begin(task, jobs, pauses: false)
            case .step(let ids): step(ids)
            case .wait, .stop: break
            }
            isFirst = false
        }
        return isFirst ? .zero : start.duration(to: engine.now())
    }

    private func step(_ ids: [JobID]) {
        let start = engine.now()
        // Every running job has its generation: `begin` stored it, and only the job's end removes it.
        let outcomes = worker.step(ids.compactMap { generations[$0] })
        let end = engine.now()
        let verdicts = outcomes.map(Self.verdict)
        let onProgress = engine.report { core in
            defer { core.stepEnded(verdicts, startedAt: start, at: end) }
            return core.steppedEntries.map { $0.isCancelled ? nil : $0.payload.onProgress }
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
}
