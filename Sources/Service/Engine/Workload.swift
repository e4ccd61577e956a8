import Scheduler
import Synchronization

/// Takes requests on as long as they can be answered in time, and tells the others at once when to come back.
///
/// A request that would wait for longer than `--target-wait` (or than its own `X-Request-Timeout` allows) is refused before its
/// upload comes in, and again before it is decoded, when more is known: an answer that comes too late helps nobody, and the
/// work for it would make the next one late. Whether it would is told by the ``Backlog``: work ahead of its client's turn, over
/// measured speed.
final class Workload: Sendable {
    private let backlog = Mutex(Backlog())
    private let target: Duration
    private let now: @Sendable () -> EngineInstant

    /// - Parameter target: how long an answer may take where its own work takes less.
    init(target: Duration, now: @escaping @Sendable () -> EngineInstant = { .now }) {
        self.target = target
        self.now = now
    }

    /// Refuses a request that could not be answered in time if it were taken on now.
    ///
    /// - Parameters:
    ///   - kinds: what its work is like, from the most to the least exact; the first of which the cost is known tells.
    ///   - limit: the time that its client gives it; nil for the usual one.
    func check(_ client: ClientID, kinds: [String], within limit: Duration?) throws(Problem) {
        try backlog.withLock { backlog throws(Problem) in
            _ = try admit(client, backlog.cost(of: kinds, for: client), within: limit, &backlog)
        }
    }

    /// Takes a request on, whose inputs are there, or refuses it.
    func book(_ work: RequestWork, kinds: [String], within limit: Duration?) throws(Problem) {
        let (ticket, wait) = try backlog.withLock { backlog throws(Problem) in
            let cost = backlog.cost(of: kinds, for: work.client)
            let wait = try admit(work.client, cost, within: limit, &backlog)
            return (backlog.book(work.client, kinds: kinds, cost: cost, at: now()), wait)
        }
        work.book(self, ticket, latestStart: now() + wait)
    }

    /// How long a request may wait until it is begun.
    private func admit(
        _ client: ClientID, _ cost: Duration, within limit: Duration?, _ backlog: inout Backlog
    ) throws(Problem) -> Duration {
        switch backlog.admission(of: client, cost: cost, within: limit ?? target, isUsual: limit == nil) {
        case .admitted(let wait): return wait
        case .late(let expected): throw refusal(expected, limit ?? target, cost, &backlog)
        }
    }

    private func refusal(
        _ expected: Duration, _ time: Duration, _ cost: Duration, _ backlog: inout Backlog
    ) -> Problem {
        let seconds = backlog.refuse(cost: cost, at: now())
        return .retryLater(
            .overloaded, after: seconds,
            "The answer would come too late: \(expected.milliseconds.formatted) ms of work is ahead of it, and a request is "
                + "to be answered within \(time.inSeconds.formatted) s (--target-wait, or X-Request-Timeout). Try again in "
                + "\(seconds) s.")
    }

    /// Counts a request that was taken on and waited for too long all the same; in how many seconds to ask again.
    func turnAway(_ ticket: Backlog.Ticket) -> Int {
        backlog.withLock { $0.refuse(cost: $0.cost(of: ticket), at: now()) }
    }

    /// More is known of the cost of a request.
    func correct(_ ticket: Backlog.Ticket, cost: Duration) {
        backlog.withLock { $0.correct(ticket, cost: cost) }
    }

    /// A request that was taken on is done with.
    func finish(_ ticket: Backlog.Ticket, spent: Duration, isTypical: Bool) {
        backlog.withLock { $0.finish(ticket, spent: spent, isTypical: isTypical, at: now()) }
    }
}
