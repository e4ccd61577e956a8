import Glibc

/// The work that is taken on and not yet done, and how fast it gets done: what a newcomer would have to wait for.
///
/// Work is counted in seconds of cost as requests of the same kind have had it. How many of them pass in a second of time is
/// measured while there is work (several processors may do it at once, and decoding and computing overlap), so that a machine
/// needs no tuning. Pure: every input carries the time.
public struct Backlog: Sendable {
    /// Identifies a piece of work that was taken on.
    public struct Ticket: Hashable, Sendable {
        let number: UInt64
    }

    /// Whether work can be taken on.
    public enum Admission: Sendable, Equatable {
        /// It can, and has to begin within so much time.
        case admitted(startWithin: Duration)
        /// It would have to wait for so long, which is too long.
        case late(Duration)
    }

    /// The share of the wanted time that an estimate may take up.
    private static let margin = 0.9
    /// What work may wait where its client gave no time, as a share of the usual one, however long it takes itself.
    private static let leastWait = 0.25

    private struct Piece: Sendable {
        let client: ClientID
        let kinds: [String]
        var cost: Double
    }

    /// The time over which speed, and what was turned away, is remembered, in seconds.
    private static let memory = 2.0
    private static let patience = 10.0
    /// Most kinds of work whose cost is remembered.
    private static let maxKinds = 1024

    private var lastNumber: UInt64 = 0
    private var pieces: [Ticket: Piece] = [:]
    /// Seconds of cost that each client has waiting or in work.
    private var booked: [ClientID: Double] = [:]
    /// Pieces of each client.
    private var counts: [ClientID: Int] = [:]
    private var total = 0.0
    private var costs: [String: KindCost] = [:]

    // What was done, and in how much time with work, both fading.
    private var done: Double
    private var busy: Double
    private var lastChange: EngineInstant?
    // What was turned away, fading.
    private var refused = 0.0
    private var lastRefusal: EngineInstant?

    /// Nothing is taken on, and a second of cost is thought to take a second.
    public init() {
        done = Self.memory / 4
        busy = Self.memory / 4
    }

    /// How many seconds of cost are done in a second: at least about one, for some stage is always at work on what waits. Where
    /// less was seen, something long has not ended yet, of which nothing is known.
    public var speed: Double { min(max(done / busy, 0.8), 256) }

    /// Pieces of work that are taken on and not done.
    public var count: Int { pieces.count }

    /// What a client's work of the first kind of which anything is known will cost; zero where nothing is.
    public func cost(of kinds: [String], for client: ClientID) -> Duration {
        .seconds(kinds.lazy.compactMap { costs[$0]?.expected(for: client) }.first ?? 0)
    }

    /// What work that was taken on will cost by what is known of it.
    public func cost(of ticket: Ticket) -> Duration { .seconds(pieces[ticket]?.cost ?? 0) }

    /// Whether work of that cost would be done in time.
    ///
    /// - Parameters:
    ///   - limit: the time in which it is to be done.
    ///   - isUsual: whether that is the time for everybody, which longer work may pass, or one that the client has given.
    public func admission(
        of client: ClientID, cost: Duration, within limit: Duration, isUsual: Bool = true
    ) -> Admission {
        let least = isUsual ? limit * Self.leastWait : .zero
        let expected = expectedWait(of: client, cost: cost)
        // What has nothing before it is tried: no time is won by refusing it.
        guard expected <= max(limit * Self.margin - cost, least) || expected == .zero else { return .late(expected) }
        return .admitted(startWithin: max(limit - cost, least))
    }

    /// How long it would take until a piece of work of that cost could begin, were it taken on now: until then its client is
    /// served what it has taken on already, and every other as much as that at most, for shares are fair.
    public func expectedWait(of client: ClientID, cost: Duration) -> Duration {
        let own = booked[client] ?? 0
        let share = own + cost.seconds
        let others = booked.reduce(0.0) { $1.key == client ? $0 : $0 + min($1.value, share) }
        return .seconds((own + others) / speed)
    }

    /// Takes work on, whose cost will be remembered for each of its kinds.
    public mutating func book(_ client: ClientID, kinds: [String], cost: Duration, at now: EngineInstant) -> Ticket {
        pass(to: now)
        lastNumber += 1
        let ticket = Ticket(number: lastNumber)
        pieces[ticket] = Piece(client: client, kinds: kinds, cost: cost.seconds)
        counts[client, default: 0] += 1
        add(cost.seconds, of: client)
        return ticket
    }

    /// More is known of the cost of work that was taken on: it is at least so much.
    public mutating func correct(_ ticket: Ticket, cost: Duration) {
        guard var piece = pieces[ticket], cost.seconds > piece.cost else { return }
        add(cost.seconds - piece.cost, of: piece.client)
        piece.cost = cost.seconds
        pieces[ticket] = piece
    }

    /// Work is done with, after so much was spent on it.
    /// - Parameter isTypical: whether that says what others of its kinds will cost; not so where it was given up.
    public mutating func finish(_ ticket: Ticket, spent: Duration, isTypical: Bool, at now: EngineInstant) {
        pass(to: now)
        guard let piece = pieces.removeValue(forKey: ticket) else { return }
        add(-piece.cost, of: piece.client)
        counts[piece.client, default: 1] -= 1
        if counts[piece.client] == 0 {
            // Sums of numbers that are not whole leave something over.
            counts[piece.client] = nil
            booked[piece.client] = nil
            if counts.isEmpty { total = 0 }
        }
        done += spent.seconds
        guard isTypical else { return }
        for kind in piece.kinds where costs.count < Self.maxKinds || costs[kind] != nil {
            costs[kind, default: KindCost()].note(spent.seconds, of: piece.client, at: now)
        }
    }

    /// Work of that cost was turned away; returns in how many seconds it should be asked for again: when what is taken on and
    /// what was turned away before it can be done, a whole number from 1 to 60.
    public mutating func refuse(cost: Duration, at now: EngineInstant) -> Int {
        if let lastRefusal { refused *= Self.fading(lastRefusal.duration(to: now), over: Self.patience) }
        lastRefusal = now
        refused += cost.seconds
        return Int(min(max(((total + refused) / speed).rounded(.up), 1), 60))
    }

    private mutating func add(_ cost: Double, of client: ClientID) {
        booked[client] = max(0, (booked[client] ?? 0) + cost)
        total = max(0, total + cost)
    }

    /// Time without work says nothing about speed.
    private mutating func pass(to now: EngineInstant) {
        let passed = max(.zero, lastChange?.duration(to: now) ?? .zero)
        lastChange = now
        guard !pieces.isEmpty else { return }
        let fading = Self.fading(passed, over: Self.memory)
        done *= fading
        busy = busy * fading + passed.seconds
    }

    private static func fading(_ time: Duration, over span: Double) -> Double { exp(-max(0, time.seconds) / span) }
}
