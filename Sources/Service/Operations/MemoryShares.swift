import Scheduler

/// Who holds how much of a bounded memory, and who gives way where it is full: the rules of ``MemoryBudget``, without locks.
///
/// Memory goes to whoever asks first, so that a client alone may use nearly all. Where there is no room, shares count: the level
/// to which everybody's holding can be filled if those below it keep what they have (max-min fairness, Bertsekas and Gallager,
/// *Data Networks*, section 6.5.2). A client that stays below the level gets room from whoever is above it: the newest of the
/// reservations that can be taken back goes first. What is being worked with cannot be taken back, therefore an eighth is
/// kept for those who hold little.
struct MemoryShares: Sendable {
    /// Names a reservation.
    typealias Ticket = Int

    /// What becomes of a wish for memory.
    enum Outcome: Equatable {
        /// It is granted, and these reservations have ended for it.
        case granted(takenBack: [Ticket])
        /// There is not enough, or the reservation has ended.
        case refused
    }

    private struct Holding {
        let client: ClientID
        var bytes = 0
        var canBeTakenBack = false
    }

    /// Most bytes reserved at once.
    let limit: Int
    /// Bytes reserved now.
    private(set) var reserved = 0
    private var holdings: [Ticket: Holding] = [:]
    private var held: [ClientID: Int] = [:]
    private var lastTicket = 0

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// What is kept for clients that hold no more than ``little``.
    private var kept: Int { limit / 8 }

    /// Room for an ordinary photo and its decoding.
    var little: Int { limit / 16 }

    /// The most that one client can get, if it is alone.
    var most: Int { limit - kept }

    /// Bytes of a reservation; 0 once it has ended.
    func bytes(_ ticket: Ticket) -> Int { holdings[ticket]?.bytes ?? 0 }

    /// Bytes of all reservations of a client.
    func bytes(of client: ClientID) -> Int { held[client] ?? 0 }

    /// Begins a reservation of no bytes.
    mutating func begin(for client: ClientID) -> Ticket {
        lastTicket += 1
        holdings[lastTicket] = Holding(client: client)
        return lastTicket
    }

    /// Takes more bytes for a reservation.
    mutating func grow(_ ticket: Ticket, by bytes: Int) -> Outcome {
        guard let client = holdings[ticket]?.client, (0...limit).contains(bytes) else { return .refused }
        let wanted = self.bytes(of: client) + bytes
        let bound = wanted <= little ? limit : most
        guard wanted <= bound, let taken = room(for: bytes, wanted: wanted, by: client, within: bound) else {
            return .refused
        }
        for other in taken { end(other) }
        change(ticket, by: bytes)
        return .granted(takenBack: taken)
    }

    /// Gives back what a reservation has beyond that many bytes.
    mutating func shrink(_ ticket: Ticket, to bytes: Int) {
        guard bytes >= 0, let old = holdings[ticket]?.bytes, bytes < old else { return }
        change(ticket, by: bytes - old)
    }

    /// Says whether the reservation may be taken back from now on; false where it was already.
    mutating func set(_ ticket: Ticket, canBeTakenBack: Bool) -> Bool {
        guard holdings[ticket] != nil else { return false }
        holdings[ticket]?.canBeTakenBack = canBeTakenBack
        return true
    }

    /// Ends a reservation.
    mutating func end(_ ticket: Ticket) {
        shrink(ticket, to: 0)
        holdings[ticket] = nil
    }

    private mutating func change(_ ticket: Ticket, by bytes: Int) {
        guard let client = holdings[ticket]?.client else { return }
        holdings[ticket]?.bytes += bytes
        reserved += bytes
        let total = self.bytes(of: client) + bytes
        held[client] = total == 0 ? nil : total
    }

    /// The reservations that must end so that the bytes fit; nil where they cannot be made to.
    private func room(for bytes: Int, wanted: Int, by client: ClientID, within bound: Int) -> [Ticket]? {
        var missing = reserved + bytes - bound
        guard missing > 0 else { return [] }
        var holders = held
        holders[client] = wanted
        let level = Self.level(holders.values, within: bound)
        guard wanted <= level else { return nil }
        var newest = Dictionary(grouping: holdings.filter { $0.value.canBeTakenBack && $0.value.bytes > 0 }) {
            $0.value.client
        }.mapValues { $0.map(\.key).sorted() }
        newest[client] = nil
        var taken: [Ticket] = []
        while missing > 0 {
            let above = holders.filter { $0.value > level && newest[$0.key]?.isEmpty == false }
            guard let largest = above.max(by: { ($0.value, $0.key.name) < ($1.value, $1.key.name) })?.key,
                let ticket = newest[largest]?.popLast()
            else { return nil }
            taken.append(ticket)
            missing -= self.bytes(ticket)
            holders[largest, default: 0] -= self.bytes(ticket)
        }
        return taken
    }

    /// What each may have at most so that all together have no more than `bound`, where those who want less get what they want.
    private static func level(_ wanted: some Collection<Int>, within bound: Int) -> Int {
        var (left, others) = (bound, wanted.count)
        for amount in wanted.sorted() {
            guard amount <= left / others else { return left / others }
            left -= amount
            others -= 1
        }
        return .max
    }
}
