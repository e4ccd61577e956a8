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
        /// How many threads run a job.
        var busy = 0
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

    /// Calls `body` for 0..<`count` from the calling thread, one of the pool's, and from others that are idle at this moment.
    /// Returns when all calls have; never waits for a thread that has other work.
    func share(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let calls = SharedCalls(count, body)
        for _ in 1..<max(1, count) {
            guard offer(calls.run) else { break }
        }
        calls.run()
        calls.wait()
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

    /// Has an idle thread run `work`; false where none is idle.
    private func offer(_ work: @escaping @Sendable () -> Void) -> Bool {
        let job = Waiting(deadline: now() + .seconds(1), isCancelled: { false }) { if $0 == nil { work() } }
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.busy + state.waiting.count < threadCount else { return false }
            state.waiting.append(job)
            return true
        }
        if isTaken { arrivals.signal() }
        return isTaken
    }

    /// Runs the oldest waiting job; false once the pool is stopped.
    private func runNext() -> Bool {
        let (job, isStopped) = state.withLock { state in
            guard !state.waiting.isEmpty else { return (Waiting?.none, state.isStopped) }
            state.busy += 1
            return (state.waiting.removeFirst(), state.isStopped)
        }
        guard let job else { return !isStopped }
        defer { state.withLock { $0.busy -= 1 } }
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

/// Calls that several threads make, each call once. A thread that comes when all were taken makes none.
private final class SharedCalls: Sendable {
    private let count: Int
    private let body: @Sendable (Int) -> Void
    private let next = Atomic(0)
    private let unfinished = DispatchGroup()

    init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        self.count = count
        self.body = body
        for _ in 0..<count { unfinished.enter() }
    }

    /// Makes calls until none is left to be begun.
    func run() {
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
            unfinished.leave()
        }
    }

    /// Waits until every call has returned.
    func wait() { unfinished.wait() }
}

/// A flag that is set once, from any thread.
final class Flag: Sendable {
    private let value = Atomic(false)

    /// Whether it was set.
    var isSet: Bool { value.load(ordering: .acquiring) }

    /// Sets it; false where it was set already.
    @discardableResult func set() -> Bool { !value.exchange(true, ordering: .acquiringAndReleasing) }
}
