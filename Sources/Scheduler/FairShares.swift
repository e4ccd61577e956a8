/// Who has had how much of a resource, so that whoever had least is next.
///
/// Start-time fair queueing (Goyal, Vin, Cheng 1996) with what work really cost in place of packet lengths: every client has a
/// virtual time, which grows by the cost of what was done for it. Clients that want the resource at the same time get equal
/// parts of it within one piece of work, whatever the number of their requests and whatever each costs; a client alone gets
/// all. Who was away comes back at the virtual time of those who are there, less a small credit: time not used is not saved
/// up, but a client that asks rarely is served before one that asks always.
public struct FairShares: Sendable {
    private struct Account: Sendable {
        /// Seconds of the resource, in the time that all clients share.
        var virtualTime: Double
        /// Pieces of work that wait or are done.
        var wanted = 0
    }

    /// What a client that comes back is ahead by, in seconds.
    private let credit: Double
    private let maxAbsent: Int
    private var accounts: [ClientID: Account] = [:]
    /// No present client is behind this, but for its credit.
    private var floor = 0.0

    /// - Parameters:
    ///   - credit: what a client that comes back is ahead by.
    ///   - maxAbsent: most clients remembered that want nothing now.
    public init(credit: Duration = .milliseconds(20), maxAbsent: Int = 4096) {
        self.credit = credit.seconds
        self.maxAbsent = maxAbsent
    }

    /// Clients that want the resource now.
    public private(set) var presentCount = 0

    /// How many clients are remembered.
    var accountCount: Int { accounts.count }

    /// One more piece of work is wanted for the client.
    public mutating func join(_ client: ClientID) {
        var account = accounts[client] ?? Account(virtualTime: floor - credit)
        if account.wanted == 0 {
            account.virtualTime = max(account.virtualTime, floor - credit)
            presentCount += 1
        }
        account.wanted += 1
        accounts[client] = account
    }

    /// A piece of work that was wanted for the client is done, or given up.
    public mutating func leave(_ client: ClientID) {
        guard var account = accounts[client], account.wanted > 0 else { return }
        account.wanted -= 1
        accounts[client] = account
        guard account.wanted == 0 else { return }
        presentCount -= 1
        if presentCount == 0 {
            // Nobody is there to whom anybody owes anything.
            floor = 0
            accounts.removeAll(keepingCapacity: true)
        } else {
            forgetAbsent()
        }
    }

    /// What was done for the client took so long; negative where it took less than was charged before.
    public mutating func charge(_ client: ClientID, _ cost: Duration) {
        guard accounts[client] != nil else { return }
        accounts[client]?.virtualTime += cost.seconds
        if let leastStanding { floor = max(floor, leastStanding) }
    }

    /// How much of the resource the client has had, in a time that all share: who has less goes first.
    public func standing(_ client: ClientID) -> Double {
        accounts[client].map { max($0.virtualTime, floor - credit) } ?? floor - credit
    }

    /// How a client stands among the others that want the resource now.
    public func place(of client: ClientID, within slice: Duration) -> ClientPlace {
        let others = accounts.lazy.filter { $0.value.wanted > 0 && $0.key != client }
        guard let least = others.map(\.value.virtualTime).min() else { return .alone }
        let lead = standing(client) - least
        return lead <= 0 ? .behind : lead <= slice.seconds ? .level : .ahead
    }

    /// The standing of the client that wants the resource and has had least; nil where nobody wants it.
    public var leastStanding: Double? {
        accounts.values.lazy.filter { $0.wanted > 0 }.map(\.virtualTime).min()
    }

    /// Who would come back with the whole credit has nothing to be remembered for. Whoever had some of it since keeps only the
    /// rest: a client that asks again and again would otherwise be given it every time, and keep others out.
    private mutating func forgetAbsent() {
        guard accounts.count - presentCount > 0 else { return }
        accounts = accounts.filter { $0.value.wanted > 0 || $0.value.virtualTime > floor - credit }
        guard accounts.count - presentCount > maxAbsent else { return }
        // Those with the least debt lose the least by being forgotten.
        let absent = accounts.filter { $0.value.wanted == 0 }.sorted { $0.value.virtualTime > $1.value.virtualTime }
        for (client, _) in absent.dropFirst(maxAbsent) { accounts[client] = nil }
    }
}

extension Duration {
    /// The same as a number of seconds.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
