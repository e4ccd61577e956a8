import Testing

@testable import HTTP

/// Who makes room for whom, without sockets.
struct ConnectionLedgerTests {
    /// A ledger with a clock of its own and connections from addresses of one network: `10.0.0.n`.
    private final class Table {
        let ledger: ConnectionLedger
        var now: UInt64 = 1_000_000_000
        private var descriptor: Int32 = 0

        init(_ maxConnections: Int, maxUnsent: Int = 1000, proxy: UInt8? = nil) {
            ledger = ConnectionLedger(maxConnections: maxConnections, maxUnsent: maxUnsent) {
                $0 == proxy.map { "10.0.0.\($0)" }
            }
        }

        func enter(_ host: UInt8) throws -> ConnectionLedger.Admission {
            descriptor += 1
            now += 1
            return try ledger.admit(.ten(host), descriptor: descriptor, loop: 0, now: now)
        }

        /// Enters where there is room, being at `activity` since `seconds` ago.
        func seat(_ host: UInt8, _ activity: Seat.Activity = .idle, ago seconds: UInt64 = 0) throws -> Seat {
            guard case .seated(let seat, nil) = try enter(host) else {
                throw Unexpected("there is no room")
            }
            now += seconds * 1_000_000_000
            seat.note(activity, since: now - seconds * 1_000_000_000)
            return seat
        }

        /// Enters where there is no room; returns who made some.
        func evict(_ host: UInt8) throws -> Seat? {
            switch try enter(host) {
            case .seated(_, nil): throw Unexpected("nobody had to go")
            case .seated(_, let evicted): evicted
            case .refused: nil
            }
        }
    }

    private struct Unexpected: Error {
        let what: String
        init(_ what: String) { self.what = what }
    }

    @Test func `the longest idle connection of the largest holder goes`() throws {
        let table = Table(5)
        let others = try [table.seat(1), table.seat(2)]
        let first = try table.seat(3, .answering)
        let second = try table.seat(3)
        let third = try table.seat(3)
        #expect(try table.evict(4) === second)
        #expect(try table.evict(5) === third)
        withExtendedLifetime((others, first)) {}
    }

    @Test func `idle connections go before those that send, and those before the ones that are answered`() throws {
        let table = Table(4)
        let answered = try table.seat(1, .answering, ago: 50)
        let slow = try table.seat(1, .sending, ago: 20)
        let slower = try table.seat(1, .sending, ago: 30)
        slower.note(.sending, since: 0)
        let idle = try table.seat(1, .idle)
        #expect(try table.evict(2) === idle)
        #expect(try table.evict(3) === slower)
        #expect(try table.evict(4) === slow)
        // Everybody has one by now, and nobody is idle or slow.
        #expect(try table.evict(5) == nil)
        withExtendedLifetime(answered) {}
    }

    @Test func `nobody keeps more than a fair share from somebody who has less`() throws {
        let table = Table(60)
        for _ in 0..<60 { _ = try table.seat(1, .answering) }
        for _ in 0..<20 {
            for host: UInt8 in 2...3 {
                guard case .seated(let seat, let evicted?) = try table.enter(host) else {
                    throw Unexpected("no room was made")
                }
                seat.note(.answering, since: table.now)
                #expect(try evicted.holder == SocketAddress.ten(1).network)
            }
        }
        // Each has a third by now.
        for host: UInt8 in 1...3 { #expect(try table.evict(host) == nil) }
    }

    @Test func `the largest holder makes room for its own, and is refused when none of it is idle or slow`() throws {
        let table = Table(3)
        let other = try table.seat(1, .answering)
        let answered = try table.seat(2, .answering)
        let idle = try table.seat(2, .idle)
        #expect(try table.evict(2) === idle)
        // The one that came is about to send something.
        #expect(try table.evict(2) == nil)
        let full = Table(2)
        _ = try full.seat(1, .answering)
        let sending = try full.seat(2, .sending)
        #expect(try full.evict(2) == nil)
        #expect(try full.evict(1) == nil)
        full.now += 3_000_000_000
        #expect(try full.evict(2) === sending)
        withExtendedLifetime((other, answered)) {}
    }

    @Test func `among many who have one each the slowest makes room, but nobody who waits for an answer`() throws {
        let table = Table(4)
        let waiting = try table.seat(1, .answering, ago: 60)
        let stalled = try table.seat(2, .reading, ago: 10)
        let slow = try table.seat(3, .sending, ago: 5)
        let steady = try table.seat(4, .sending)
        #expect(try table.evict(5) === slow)
        #expect(try table.evict(6) === stalled)
        #expect(try table.evict(7) == nil)
        withExtendedLifetime((waiting, steady)) {}
    }

    @Test func `connections of a trusted proxy are counted one by one`() throws {
        let table = Table(4, proxy: 9)
        let busy = try (0..<3).map { _ in try table.seat(9, .answering) }
        let idle = try table.seat(1, .idle)
        #expect(try table.evict(9) === idle)
        #expect(Set(busy.map(\.holder)).count == 3)
    }

    @Test func `an IPv6 network is one holder, and IPv4 is the same in either socket`() throws {
        func network(_ text: String) throws -> Holder? {
            try #require(Listener.addresses(host: text, port: 1).first).network
        }
        #expect(try network("2001:db8::1") == network("2001:db8::ffff:0:0:1"))
        #expect(try network("2001:db8::1") != network("2001:db8:0:1::1"))
        #expect(try network("::ffff:10.0.0.1") == network("10.0.0.1"))
        #expect(try network("10.0.0.1") != network("10.0.0.2"))
        #expect(try network("::1") != network("0.0.0.0"))
    }

    @Test func `beyond the bound of unsent octets goes whoever has had most for longest`() throws {
        let table = Table(10, maxUnsent: 1000)
        let reading = try table.seat(1, .answering)
        #expect(table.ledger.note(unsent: 600, at: reading, now: table.now).isEmpty)
        let stalled = try [table.seat(2, .answering), table.seat(2, .answering)]
        for seat in stalled { #expect(table.ledger.note(unsent: 200, at: seat, now: table.now).isEmpty) }
        table.now += 5_000_000_000
        reading.note(.answering, since: table.now)
        let newcomer = try table.seat(3, .answering)
        let gone = table.ledger.note(unsent: 150, at: newcomer, now: table.now)
        #expect(gone.map(ObjectIdentifier.init) == [ObjectIdentifier(stalled[0])])
        // What it had counts no more: as much has room again.
        #expect(table.ledger.note(unsent: 200, at: newcomer, now: table.now).isEmpty)
    }

    @Test func `one answer alone may be larger than the bound`() throws {
        let table = Table(10, maxUnsent: 1000)
        let large = try table.seat(1, .answering)
        #expect(table.ledger.note(unsent: 5000, at: large, now: table.now).isEmpty)
        table.now += 1_000_000
        let small = try table.seat(2, .answering)
        #expect(table.ledger.note(unsent: 1, at: small, now: table.now).count == 1)
        #expect(table.ledger.note(unsent: 900, at: small, now: table.now).isEmpty)
    }

    @Test(arguments: 0..<50) func `whatever happens, no bound is passed and no seat is given up twice`(_ seed: UInt64)
        throws
    {
        var random = SplitMix(seed: seed)
        let table = Table(20, maxUnsent: 1000)
        var present: [Seat] = []
        func drop(_ gone: [Seat]) {
            for seat in gone {
                let before = present.count
                present.removeAll { $0 === seat }
                #expect(present.count == before - 1)
            }
        }
        for _ in 0..<400 {
            table.now += UInt64.random(in: 0..<1_000_000_000, using: &random)
            switch (Int.random(in: 0..<4, using: &random), present.randomElement(using: &random)) {
            case (0, let seat?):
                let waits = Int.random(in: 0...400, using: &random)
                drop(table.ledger.note(unsent: waits, at: seat, now: table.now))
                #expect(present.reduce(0) { $0 + $1.unsent.load(ordering: .relaxed) } <= 1000)
            case (1, let seat?):
                let activities: [Seat.Activity] = [.idle, .sending, .reading, .answering]
                seat.note(activities.randomElement(using: &random) ?? .idle, since: table.now)
            case (2, let seat?):
                table.ledger.leave(seat)
                present.removeAll { $0 === seat }
            default:
                let share = Dictionary(grouping: present, by: \.holder).mapValues(\.count)
                guard case .seated(let seat, let evicted) = try table.enter(.random(in: 1...5, using: &random)) else {
                    continue
                }
                if let evicted {
                    drop([evicted])
                    // Who is cut off while it waits for an answer had more than the newcomer has now.
                    let mayBeCut = share[evicted.holder, default: 0] > share[seat.holder, default: 0] + 1
                    #expect(mayBeCut || evicted.activity == .idle || evicted.isSlow(table.now))
                }
                present.append(seat)
                #expect(present.count <= 20)
            }
        }
    }
}

extension SocketAddress {
    /// `10.0.0.n`.
    fileprivate static func ten(_ host: UInt8) throws -> SocketAddress {
        try #require(Listener.addresses(host: "10.0.0.\(host)", port: 1).first)
    }
}
