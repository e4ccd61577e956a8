import Dispatch
import OperatingSystem
import Synchronization

/// A thread that takes all that waits at once: writers share a commit and searches share a pass over the vectors, so that
/// the more there is to do, the less each piece costs.
final class BatchThread<Job: Sendable>: Sendable {
    private struct State {
        var waiting: [Job] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let bound: Int

    /// Starts the thread.
    /// - Parameters:
    ///   - bound: how many jobs may wait.
    ///   - most: how many are handled at once.
    init(_ name: String, bound: Int, most: Int, handle: @escaping @Sendable ([Job]) -> Void) {
        self.bound = bound
        SystemThread.start(named: name) { [self] in
            while let jobs = next(most) {
                if !jobs.isEmpty { handle(jobs) }
            }
            ended.signal()
        }
    }

    /// Adds a job; throws where too many wait or the thread was stopped.
    func submit(_ job: Job) throws(RetrievalError) {
        let refusal: RetrievalError? = state.withLock { state in
            if state.isStopped { return .closed }
            guard state.waiting.count < bound else { return .busy(bound: bound) }
            state.waiting.append(job)
            return nil
        }
        if let refusal { throw refusal }
        arrivals.signal()
    }

    /// Takes no more jobs, and returns when those that wait are done.
    func stop() {
        if dismiss() { ended.wait() }
    }

    /// Takes no more jobs and ends the thread after those that wait; false where that was said before.
    @discardableResult func dismiss() -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        if isFirst { arrivals.signal() }
        return isFirst
    }

    /// The jobs that wait; none where an earlier call took them already, nil at the end.
    private func next(_ most: Int) -> [Job]? {
        arrivals.wait()
        return state.withLock { state in
            if state.waiting.isEmpty { return state.isStopped ? nil : [] }
            let jobs = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(jobs.count)
            return jobs
        }
    }
}
