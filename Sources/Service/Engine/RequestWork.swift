import Decoders
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
        /// What taking its files in has had of a processor.
        var decoding = Duration.zero
        /// Where its client counts as wanting something because of it.
        var ledger: (any ProcessorLedger)?
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

    /// Its client counts as wanting processors from now on, until its first job has been submitted.
    func join(_ ledger: any ProcessorLedger) {
        let isNew = state.withLock { state in
            guard state.ledger == nil else { return false }
            state.ledger = ledger
            return true
        }
        if isNew { ledger.prepare(client) }
    }

    /// Processors have worked for it, one of them for so long.
    func had(_ time: Duration) {
        let ledger = state.withLock { state in
            state.decoding += time
            return state.ledger
        }
        ledger?.charge(client, processorTime: time)
    }

    /// A photo of a telephone takes less than this of a processor. What takes more slows the engine down for everybody for as long
    /// as it is as urgent as that, whoever has had least.
    private static let sharedDecoding = Duration.milliseconds(250)

    /// How urgent its decoding is where that takes long. A client alone disturbs nobody, unless somebody comes.
    /// - Parameter expected: how long it was expected to take of a processor.
    func urgency(ofSeconds expected: Double) -> Urgency {
        let (ledger, decoding) = state.withLock { ($0.ledger, $0.decoding) }
        switch ledger?.place(of: client) {
        case .behind: return max(decoding, .seconds(expected)) < Self.sharedDecoding ? .shared : .low
        case .alone, .level, nil: return .low
        case .ahead: return .idle
        }
    }

    /// It is with the engine, or done with.
    func leaveLedger() {
        let ledger = state.withLock { state in
            defer { state.ledger = nil }
            return state.ledger
        }
        ledger?.endPreparation(client)
    }

    /// A job of it will cost that much.
    func expect(_ cost: Duration) {
        correct { state in
            state.expected += cost
            return state.expected
        }
    }

    /// Its files were taken in, which took so long from beginning to end: no time that it waited for the engine. What it has cost is
    /// what processors have worked.
    func decoded(in time: Duration) {
        let cost = state.withLock { state in
            state.latestStart = state.latestStart.map { $0 + time }
            return state.decoding
        }
        spend(cost)
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
        leaveLedger()
        let (booking, spent) = state.withLock { state in
            defer { state.booking = nil }
            return (state.booking, state.spent)
        }
        if let booking { booking.workload.finish(booking.ticket, spent: spent, isTypical: isTypical) }
    }
}
