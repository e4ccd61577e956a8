import Scheduler
import Tasks
import Testing

@testable import Service

@Suite struct `Shares of memory` {
    private static let clients: [ClientID] = ["a", "b", "c", "d", "e"]

    /// A client's reservation of so many bytes, which may be taken back; nil where it is refused.
    private func receive(_ bytes: Int, _ client: ClientID, _ shares: inout MemoryShares) -> MemoryShares.Ticket? {
        let ticket = shares.begin(for: client)
        _ = shares.set(ticket, canBeTakenBack: true)
        if case .granted = shares.grow(ticket, by: bytes) { return ticket }
        shares.end(ticket)
        return nil
    }

    /// A client's reservation of so many bytes, which it works with; nil where it is refused.
    private func work(_ bytes: Int, _ client: ClientID, _ shares: inout MemoryShares) -> MemoryShares.Ticket? {
        let ticket = receive(bytes, client, &shares)
        if let ticket { _ = shares.set(ticket, canBeTakenBack: false) }
        return ticket
    }

    private func expect(
        _ ticket: MemoryShares.Ticket?, isGranted: Bool, _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect((ticket != nil) == isGranted, sourceLocation: sourceLocation)
    }

    @Test func `a client alone gets all but what is kept for others, and no others are asked to give way for it`() {
        var shares = MemoryShares(limit: 1600)
        for _ in 0..<14 { expect(receive(100, "a", &shares), isGranted: true) }
        #expect(shares.most == 1400)
        expect(receive(1, "a", &shares), isGranted: false)
        #expect(shares.reserved == 1400)
    }

    @Test func `the newest upload of the largest holder gives way to a client with less`() throws {
        var shares = MemoryShares(limit: 1600)
        let tickets = (0..<9).compactMap { _ in receive(100, "a", &shares) }
        for _ in 0..<5 { expect(receive(100, "b", &shares), isGranted: true) }
        let late = shares.begin(for: "c")
        let granted = shares.grow(late, by: 150)
        #expect(granted == .granted(takenBack: [tickets[8], tickets[7]]))
        #expect(shares.bytes(of: "a") == 700)
        let (more, isThere) = (shares.grow(tickets[8], by: 1), shares.set(tickets[8], canBeTakenBack: false))
        #expect(more == .refused && !isThere, "it has ended")
    }

    @Test func `nothing is taken back where it would not be enough`() {
        var shares = MemoryShares(limit: 1600)
        expect(work(1300, "a", &shares), isGranted: true)
        expect(receive(100, "a", &shares), isGranted: true)
        expect(receive(500, "b", &shares), isGranted: false)
        #expect(shares.reserved == 1400)
    }

    @Test func `two who come later have room for a photo beside one who works with all it may`() {
        var shares = MemoryShares(limit: 1600)
        expect(work(1400, "a", &shares), isGranted: true)
        #expect(shares.little == 100)
        expect(work(100, "b", &shares), isGranted: true)
        expect(work(100, "c", &shares), isGranted: true)
        expect(work(100, "d", &shares), isGranted: false)
    }

    @Test func `many who hold little do not make the share of one who wants more smaller`() {
        var shares = MemoryShares(limit: 16_000)
        for number in 0..<100 { expect(receive(10, ClientID("\(number)"), &shares), isGranted: true) }
        for _ in 0..<13 { expect(receive(1000, "a", &shares), isGranted: true) }
        for _ in 0..<6 { expect(receive(1000, "b", &shares), isGranted: true) }
        #expect(shares.bytes(of: "b") == 6000)
        #expect(shares.bytes(of: "a") >= 6000)
        expect(receive(1000, "b", &shares), isGranted: false)
    }

    @Test(arguments: [-1, Int.min, Int.max, 101])
    func `a senseless amount is refused`(_ bytes: Int) {
        var shares = MemoryShares(limit: 100)
        expect(receive(bytes, "a", &shares), isGranted: false)
        #expect(shares.reserved == 0)
    }

    /// A sequence of random wishes, and what holds after each of them.
    @Test(arguments: 1...40)
    func `the bound and the shares hold over any sequence, and nothing is left behind`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var shares = MemoryShares(limit: 10_000)
        var open: [MemoryShares.Ticket: (client: ClientID, bytes: Int, isWorking: Bool)] = [:]
        let held = { (client: ClientID) in open.values.filter { $0.client == client }.reduce(0) { $0 + $1.bytes } }
        for _ in 0..<2000 {
            let chosen = open.keys.sorted().randomElement(using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                let client = Self.clients.randomElement(using: &random) ?? "a"
                let ticket = shares.begin(for: client)
                _ = shares.set(ticket, canBeTakenBack: true)
                open[ticket] = (client, 0, false)
            case 2: if let chosen, open.count > 20 { open[chosen] = nil; shares.end(chosen) }
            case 3:
                if let chosen, Int.random(in: 0..<4, using: &random) == 0 {
                    let isThere = shares.set(chosen, canBeTakenBack: false)
                    #expect(isThere)
                    open[chosen]?.isWorking = true
                }
            case 4:
                guard let chosen, let bytes = open[chosen]?.bytes else { continue }
                let less = Int.random(in: 0...max(1, bytes), using: &random)
                shares.shrink(chosen, to: less)
                open[chosen]?.bytes = min(bytes, less)
            default:
                guard let chosen, let asking = open[chosen] else { continue }
                let more = Int.random(in: 0...1500, using: &random)
                let wanted = held(asking.client) + more
                let others = open.values.filter { $0.client != asking.client && $0.bytes > 0 }
                switch shares.grow(chosen, by: more) {
                case .granted(let taken):
                    for ticket in taken {
                        #expect(open[ticket]?.isWorking == false, "only what is being received is taken back")
                        #expect(held(open[ticket]?.client ?? "") >= wanted, "only from who has more")
                        open[ticket] = nil
                    }
                    open[chosen]?.bytes += more
                case .refused:
                    let equal = shares.most / (Set(others.map(\.client)).count + 1)
                    #expect(
                        wanted > equal || others.contains { $0.isWorking },
                        "a client within its share is refused for nobody's uploads")
                }
            }
            #expect(shares.reserved <= shares.limit)
            #expect(shares.reserved == open.values.reduce(0) { $0 + $1.bytes })
            for client in Self.clients { #expect(shares.bytes(of: client) == held(client)) }
        }
        for ticket in open.keys { shares.end(ticket) }
        #expect(shares.reserved == 0)
    }
}
