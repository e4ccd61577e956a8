import Foundation
import Synchronization

/// A few threads that turn uploads into model inputs, so that no event loop ever decodes an image. The number of jobs that
/// wait is bounded.
final class DecoderPool: Sendable {
    /// A job that waits: told whether it may run or came too late.
    private struct Waiting: Sendable {
        let deadline: ContinuousClock.Instant
        let isCancelled: @Sendable () -> Bool
        let run: @Sendable (Refusal?) -> Void
    }

    /// Why a job was not run.
    enum Refusal: Error, Equatable {
        case full(bound: Int)
        case deadlineExceeded
        case cancelled
        case stopped
    }

    private struct State {
        var waiting: [Waiting] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)
    private let threadCount: Int
    private let bound: Int
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: how many jobs run at once.
    ///   - bound: how many may wait.
    ///   - now: the clock against which deadlines are read.
    init(threads: Int, bound: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        threadCount = threads
        self.bound = bound
        self.now = now
        for number in 0..<threads {
            let thread = Thread { [weak self, arrivals] in
                Self.yieldToEventLoops()
                while true {
                    arrivals.wait()
                    guard let self, self.runNext() else { return }
                }
            }
            thread.name = "decode-\(number)"
            thread.start()
        }
    }

    deinit { stop() }

    /// Runs `work` on one of the threads and gives back its result and how long it waited. Throws a `Refusal` where it was
    /// not run; a job whose task is cancelled while it waits is dropped.
    func run<Value: Sendable>(
        before deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> (value: Value, waited: Duration) {
        let cancelled = Flag()
        let submitted = now()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(
                    Waiting(deadline: deadline, isCancelled: { cancelled.isSet }) { [now] refusal in
                        let waited = submitted.duration(to: now())
                        continuation.resume(
                            with: Result {
                                if let refusal { throw refusal }
                                return (try work(), waited)
                            })
                    })
            }
        } onCancel: {
            cancelled.set()
        }
    }

    /// How many jobs wait.
    var waitingCount: Int { state.withLock(\.waiting.count) }

    /// Refuses what waits and ends the threads.
    func stop() {
        let left = state.withLock { state in
            defer { state.waiting = [] }
            state.isStopped = true
            return state.waiting
        }
        for job in left { job.run(.stopped) }
        for _ in 0..<threadCount { arrivals.signal() }
    }

    private func submit(_ job: Waiting) {
        let refusal: Refusal? = state.withLock { state in
            if state.isStopped { return .stopped }
            // Those that nobody waits for any more must not keep others out.
            let gone = state.waiting.count >= bound ? state.waiting.filter { $0.isCancelled() }.count : 0
            guard state.waiting.count - gone < bound else { return .full(bound: bound) }
            state.waiting.append(job)
            return nil
        }
        if let refusal { job.run(refusal) } else { arrivals.signal() }
    }

    /// Runs the oldest waiting job; false once the pool is stopped.
    private func runNext() -> Bool {
        let (job, isStopped) = state.withLock { state in
            (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isStopped)
        }
        guard let job else { return !isStopped }
        if job.isCancelled() {
            job.run(.cancelled)
        } else if now() > job.deadline {
            job.run(.deadlineExceeded)
        } else {
            job.run(nil)
        }
        return true
    }

    /// Lowers the calling thread's priority (Linux keeps it per thread), so that probes are answered while photos decode.
    private static func yieldToEventLoops() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
    }
}

/// A flag that is set once, from any thread.
final class Flag: Sendable {
    private let value = Atomic(false)

    /// Whether it was set.
    var isSet: Bool { value.load(ordering: .acquiring) }

    /// Sets it; false where it was set already.
    @discardableResult func set() -> Bool { !value.exchange(true, ordering: .acquiringAndReleasing) }
}
