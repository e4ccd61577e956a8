import Scheduler
import Synchronization

/// What a request takes of the machine: for whom, until when, and what it has cost so far.
///
/// Booked with the ``Workload`` once its inputs are there; what becomes known of its cost on its way corrects the booking, and
/// its end gives it back.
final class RequestWork: Sendable {
    /// Whose share of memory, decoders and engine it takes from.
    let client: ClientID
    /// When its answer is no longer wanted.
    let deadline: EngineInstant

    private struct State {
        var booking: (workload: Workload, ticket: Backlog.Ticket)?
        /// When it makes no sense any more to begin it; nil before it is booked.
        var latestStart: EngineInstant?
        /// What is known of its cost, done or to be done.
        var expected = Duration.zero
        var spent = Duration.zero
        var isBegun = false
    }

    private let state = Mutex(State())

    init(client: ClientID, deadline: EngineInstant) {
        self.client = client
        self.deadline = deadline
    }

    deinit { end(isTypical: false) }

    /// When a decoder must have begun with it at the latest.
    var decodingDeadline: EngineInstant {
        state.withLock { min($0.latestStart ?? deadline, deadline) }
    }

    /// The terms of a job of it. Only its first is bound to begin in time: the others are what it takes to end what was begun.
    func terms(size: Double) -> JobTerms {
        state.withLock { state in
            defer { state.isBegun = true }
            return JobTerms(
                client: client, size: size, deadline: deadline, latestStart: state.isBegun ? nil : state.latestStart)
        }
    }

    /// A job of it will cost that much.
    func expect(_ cost: Duration) {
        correct { state in
            state.expected += cost
            return state.expected
        }
    }

    /// It was decoded, which took so long: no time that it waited for its turn.
    func decoded(in time: Duration) {
        state.withLock { state in state.latestStart = state.latestStart.map { $0 + time } }
        spend(time)
    }

    /// Something that was done for it has cost that much; `expected` of it were counted before.
    func spend(_ cost: Duration, expected: Duration = .zero) {
        correct { state in
            state.spent += cost
            state.expected += cost - expected
            return state.expected
        }
    }

    private func correct(_ body: (inout State) -> Duration) {
        let (booking, cost) = state.withLock { state in
            let cost = body(&state)
            return (state.booking, cost)
        }
        if let booking { booking.workload.correct(booking.ticket, cost: cost) }
    }

    /// It is taken on.
    func book(_ workload: Workload, _ ticket: Backlog.Ticket, latestStart: EngineInstant) {
        state.withLock { state in
            state.booking = (workload, ticket)
            state.latestStart = latestStart
        }
    }

    /// The refusal of a request that was taken on and waited for too long all the same: instead of its end.
    func turnAway() -> Problem {
        let booking = state.withLock(\.booking)
        defer { end(isTypical: false) }
        return .overdue(after: booking.map { $0.workload.turnAway($0.ticket) } ?? 1)
    }

    /// Nothing more is done for it. `isTypical`: whether what it has cost says something of others like it.
    func end(isTypical: Bool) {
        let (booking, spent) = state.withLock { state in
            defer { state.booking = nil }
            return (state.booking, state.spent)
        }
        if let booking { booking.workload.finish(booking.ticket, spent: spent, isTypical: isTypical) }
    }
}
