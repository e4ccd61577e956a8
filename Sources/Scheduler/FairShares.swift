/// Who has had how much of a resource, so that whoever had least is next.
///
/// Start-time fair queueing (Goyal, Vin, Cheng 1996) with what work really cost in place of packet lengths: every client has a
/// virtual time, which grows by the cost of what was done for it. Clients that want the resource at the same time get equal
/// parts of it within one piece of work, whatever the number of their requests and whatever each costs; a client alone gets
/// all. Who was away comes back at the virtual time of those who are there, less a small credit: time not used is not saved
/// up, but a client that asks rarely is served before one that asks always. What a client has used of its credit stays used
/// while it goes and comes back.
public struct FairShares: Sendable {
    private struct Presence: Sendable {
        /// Seconds of the resource, in the time that all clients share.
        var virtualTime: Double
        /// Pieces of work that wait or are done.
        var wanted = 0
        /// Pieces that are prepared elsewhere before they want the resource.
        var prepared = 0
    }

    /// What a client that comes back is ahead by, in seconds.
    private let credit: Double
    private let maxAbsent: Int
    private var present: [ClientID: Presence] = [:]
    /// The virtual times of those that want nothing now and have less than the whole credit when they come back.
    private var absent: [ClientID: Double] = [:]
    /// No client that wants the resource is behind this, but for its credit.
    private var floor = 0.0

    /// - Parameters:
    ///   - credit: what a client that comes back is ahead by.
    ///   - maxAbsent: most clients remembered that want nothing now.
    public init(credit: Duration = .milliseconds(20), maxAbsent: Int = 4096) {
        self.credit = credit.seconds
        self.maxAbsent = maxAbsent
    }

    /// Clients that want the resource now, or for whom something is prepared.
    public var presentCount: Int { present.count }

    /// How many clients are remembered.
    var accountCount: Int { present.count + absent.count }

    /// One more piece of work is wanted for the client.
    public mutating func join(_ client: ClientID) { change(client) { $0.wanted += 1 } }

    /// A piece of work that was wanted for the client is done, or given up.
    public mutating func leave(_ client: ClientID) { change(client) { $0.wanted = max(0, $0.wanted - 1) } }

    /// One more piece of work is prepared for the client. What others have of the resource meanwhile is no debt of theirs beyond the
    /// credit, for nobody else wanted it.
    public mutating func prepare(_ client: ClientID) { change(client) { $0.prepared += 1 } }

    /// A piece of work is prepared, or given up.
    public mutating func endPreparation(_ client: ClientID) { change(client) { $0.prepared = max(0, $0.prepared - 1) } }

    private mutating func change(_ client: ClientID, _ body: (inout Presence) -> Void) {
        var presence = present[client] ?? Presence(virtualTime: standing(client))
        presence.virtualTime = standing(client)
        body(&presence)
        guard presence.wanted + presence.prepared == 0 else {
            absent[client] = nil
            present[client] = presence
            return
        }
        guard present.removeValue(forKey: client) != nil else { return }
        if present.isEmpty {
            // Nobody is there to whom anybody owes anything.
            floor = 0
            absent.removeAll(keepingCapacity: true)
        } else {
            absent[client] = presence.virtualTime
            forgetAbsent()
        }
    }

    /// What was done for the client took so long; negative where it took less than was charged before.
    public mutating func charge(_ client: ClientID, _ cost: Duration) {
        let charged = standing(client) + cost.seconds
        if absent[client] != nil { absent[client] = charged }
        present[client]?.virtualTime = charged
        if let leastStanding { floor = max(floor, leastStanding) }
    }

    /// How much of the resource the client has had, in a time that all share: who has less goes first.
    public func standing(_ client: ClientID) -> Double {
        max(present[client]?.virtualTime ?? absent[client] ?? -.infinity, floor - credit)
    }

    /// How a client stands among the others that want the resource now. The credit of one that has just come is nothing that
    /// the others have had.
    public func place(of client: ClientID, within slice: Duration) -> ClientPlace {
        let others = present.lazy.filter { $0.key != client }
        guard let least = others.map(\.value.virtualTime).min() else { return .alone }
        let lead = standing(client) - max(least, floor)
        return lead <= 0 ? .behind : lead <= slice.seconds ? .level : .ahead
    }

    /// The standing of the client that wants the resource and has had least; where nobody wants it, of those for whom something
    /// is prepared.
    private var leastStanding: Double? {
        present.values.lazy.filter { $0.wanted > 0 }.map(\.virtualTime).min() ?? present.values.map(\.virtualTime).min()
    }

    /// Who would come back with the whole credit has nothing to be remembered for. Whoever had some of it since keeps only the
    /// rest: a client that asks again and again would otherwise be given it every time, and keep others out.
    private mutating func forgetAbsent() {
        absent = absent.filter { $0.value > floor - credit }
        guard absent.count > maxAbsent else { return }
        // Those with the least debt lose the least by being forgotten.
        for (client, _) in absent.sorted(by: { $0.value > $1.value }).dropFirst(maxAbsent) { absent[client] = nil }
    }
}

extension Duration {
    /// The same as a number of seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
