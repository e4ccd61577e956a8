import Scheduler
import Synchronization

/// A bound on the bytes that uploads and decoded media may take up over all requests (`--max-memory`), shared out among clients:
/// see ``MemoryShares``.
///
/// ```swift
/// guard let reservation = budget.reserve(pixels, for: request.client.id) else { … 503 … }
/// ```
/// The bytes are given back when the reservation is released or no longer referred to, so that no error path can forget them.
public final class MemoryBudget: Sendable {
    private struct State {
        var shares: MemoryShares
        /// What is called when a reservation is taken back.
        var owners: [MemoryShares.Ticket: @Sendable () -> Void] = [:]
    }

    private let state: Mutex<State>
    /// Most bytes reserved at once.
    public let limit: Int
    /// The most that one request can get.
    let most: Int

    /// A budget of that many bytes.
    public init(limit: Int) {
        let shares = MemoryShares(limit: limit)
        self.limit = shares.limit
        most = shares.most
        state = Mutex(State(shares: shares))
    }

    /// Bytes reserved now.
    public var reserved: Int { state.withLock { $0.shares.reserved } }

    /// Takes bytes out of the budget for a client; nil if they are not there.
    public func reserve(_ bytes: Int, for client: ClientID) -> MemoryReservation? {
        let reservation = MemoryReservation(self, state.withLock { $0.shares.begin(for: client) })
        return reservation.grow(by: bytes) ? reservation : nil
    }

    fileprivate func grow(_ ticket: MemoryShares.Ticket, by bytes: Int) -> Bool {
        let owners: [@Sendable () -> Void]? = state.withLock { state in
            guard case .granted(let taken) = state.shares.grow(ticket, by: bytes) else { return nil }
            return taken.compactMap { state.owners.removeValue(forKey: $0) }
        }
        for isTakenBack in owners ?? [] { isTakenBack() }
        return owners != nil
    }

    fileprivate func offer(_ ticket: MemoryShares.Ticket, _ isTakenBack: (@Sendable () -> Void)?) -> Bool {
        state.withLock { state in
            guard state.shares.set(ticket, canBeTakenBack: isTakenBack != nil) else { return false }
            state.owners[ticket] = isTakenBack
            return true
        }
    }

    fileprivate func bytes(_ ticket: MemoryShares.Ticket) -> Int { state.withLock { $0.shares.bytes(ticket) } }

    fileprivate func shrink(_ ticket: MemoryShares.Ticket, to bytes: Int) {
        state.withLock { $0.shares.shrink(ticket, to: bytes) }
    }

    fileprivate func end(_ ticket: MemoryShares.Ticket) {
        // The owner's last reference to other reservations may end here: outside of the lock.
        _ = state.withLock { state in
            state.shares.end(ticket)
            return state.owners.removeValue(forKey: ticket)
        }
    }
}

/// Bytes held out of a budget until released, at the latest when nothing refers to them any more.
public final class MemoryReservation: Sendable {
    private let budget: MemoryBudget
    private let ticket: MemoryShares.Ticket

    fileprivate init(_ budget: MemoryBudget, _ ticket: MemoryShares.Ticket) {
        self.budget = budget
        self.ticket = ticket
    }

    deinit {
        release()
    }

    /// Bytes held now.
    public var bytes: Int { budget.bytes(ticket) }

    /// Takes more bytes; false, and nothing changes, if they are not there, or the reservation has ended.
    public func grow(by bytes: Int) -> Bool { budget.grow(ticket, by: bytes) }

    /// Takes more bytes where fewer than that many are held; false if they are not there.
    func grow(to bytes: Int) -> Bool {
        let held = self.bytes
        return bytes <= held || grow(by: bytes - held)
    }

    /// Gives back what is more than that many bytes.
    public func shrink(to bytes: Int) { budget.shrink(ticket, to: bytes) }

    /// Lets the bytes be taken back for another client until `settle`: then `isTakenBack` is called once, on whatever thread, and
    /// whoever holds what they stand for lets go of it.
    func offer(_ isTakenBack: @escaping @Sendable () -> Void) { _ = budget.offer(ticket, isTakenBack) }

    /// The bytes are worked with from now on and cannot be taken back; false where they have been.
    func settle() -> Bool { budget.offer(ticket, nil) }

    /// Gives everything back for good. Doing so again does nothing.
    public func release() { budget.end(ticket) }
}
