import Dispatch
import Glibc
import OperatingSystem
import Scheduler
import Synchronization

/// A few threads that turn uploads into model inputs, so that no event loop ever decodes an image. Which job is next, and how
/// many wait, is decided by a ``DecoderQueue``.
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
        var queue: DecoderQueue<Waiting>
        var isStopped = false
    }

    /// The threads for jobs of one length, and what wakes one of them.
    private struct Line: Sendable {
        let length: DecodingLength
        let threads: Int
        /// How much less urgent they are than the event loops: what is long also gives way to the engine, and to what is short.
        let niceness: Int32
        let arrivals = DispatchSemaphore(value: 0)
    }

    private let state: Mutex<State>
    private let short: Line
    private let long: Line
    private let bound: Int
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - slots: how many jobs of each length run at once as a rule. As many again may, for clients that have none running.
    ///   - bound: how many may wait.
    ///   - now: the clock against which deadlines and costs are read.
    init(slots: Int, bound: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        state = Mutex(State(queue: DecoderQueue(slots: slots, bound: bound)))
        short = Line(length: .short, threads: 2 * slots, niceness: 5)
        long = Line(length: .long, threads: 2 * slots, niceness: 12)
        self.bound = bound
        self.now = now
        for line in [short, long] { start(line) }
    }

    private func start(_ line: Line) {
        for number in 0..<line.threads {
            SystemThread.start(named: "decode-\(line.length)-\(number)") { [weak self] in
                // Linux keeps it per thread. Without privileges nobody can raise it again, hence threads for each length.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, line.niceness)
                while true {
                    line.arrivals.wait()
                    guard let self, self.runNext(line.length) else { return }
                }
            }
        }
    }

    private func line(_ length: DecodingLength) -> Line {
        switch length {
        case .short: short
        case .long: long
        }
    }

    deinit { stop() }

    /// Runs `work` on one of the threads and gives back its result and how long it waited. Throws a `Refusal` where it was
    /// not run; a job whose task is cancelled while it waits is dropped.
    ///
    /// - Parameters:
    ///   - client: whose share of the threads' time it takes.
    ///   - length: how long it is expected to take.
    func run<Value: Sendable>(
        before deadline: ContinuousClock.Instant, for client: ClientID, _ length: DecodingLength = .short,
        _ work: @escaping @Sendable () throws -> Value
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
                    }, for: client, length)
            }
        } onCancel: {
            cancelled.set()
        }
    }

    /// Calls `body` for 0..<`count` from the calling thread, one of the pool's, and from others that are idle at this moment.
    /// Returns when all calls have; never waits for a thread that has other work.
    func share(_ count: Int, for client: ClientID, _ body: @escaping @Sendable (Int) -> Void) {
        let calls = SharedCalls(count, body)
        for _ in 1..<max(1, count) {
            guard offer(for: client, calls.run) else { break }
        }
        calls.run()
        calls.wait()
    }

    /// How many jobs wait.
    var waitingCount: Int { state.withLock(\.queue.waitingCount) }

    /// Refuses what waits and ends the threads.
    func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            return state.queue.removeAll { _ in true }
        }
        for job in left { job.run(.stopped) }
        for line in [short, long] {
            for _ in 0..<line.threads { line.arrivals.signal() }
        }
    }

    private func submit(_ job: Waiting, for client: ClientID, _ length: DecodingLength) {
        let refused: [(Waiting, Refusal)] = state.withLock { state in
            if state.isStopped { return [(job, .stopped)] }
            // Those that nobody waits for any more must not keep others out.
            let gone = state.queue.waitingCount >= bound ? state.queue.removeAll { $0.isCancelled() } : []
            let outdone = state.queue.append(job, for: client, length)
            return gone.map { ($0, .cancelled) } + (outdone.map { [($0, .full(bound: bound))] } ?? [])
        }
        for (job, refusal) in refused { job.run(refusal) }
        line(length).arrivals.signal()
    }

    /// Has an idle thread run `work`; false where none is idle.
    private func offer(for client: ClientID, _ work: @escaping @Sendable () -> Void) -> Bool {
        let job = Waiting(deadline: now() + .seconds(1), isCancelled: { false }) { if $0 == nil { work() } }
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.queue.hasFreeSlot else { return false }
            return state.queue.append(job, for: client, .short) == nil
        }
        if isTaken { short.arrivals.signal() }
        return isTaken
    }

    /// Runs what is next of that length, and what may run after it; false once the pool is stopped.
    private func runNext(_ length: DecodingLength) -> Bool {
        while let taken = state.withLock({ $0.queue.popNext(length) }) {
            let job = taken.element
            let start = now()
            wakeAnother(length)
            if job.isCancelled() {
                job.run(.cancelled)
            } else if start > job.deadline {
                job.run(.deadlineExceeded)
            } else {
                job.run(nil)
            }
            let took = start.duration(to: now())
            state.withLock { $0.queue.finish(taken, took: took) }
            wakeAnother(length)
        }
        return !state.withLock(\.isStopped)
    }

    /// Where there is room for another job of that length, a thread is to look for it.
    private func wakeAnother(_ length: DecodingLength) {
        guard state.withLock({ $0.queue.hasWorkForAnother(length) }) else { return }
        line(length).arrivals.signal()
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
