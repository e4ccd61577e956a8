import Synchronization

/// Who holds the connections of a server, and how much waits at each: decides who makes room where there is none.
///
/// Connections are shared out among their holders like this: while there is room anybody may have any number. Where there is
/// none, whoever holds more than the newcomer would loses one, the largest holder first; so nobody keeps more than a fair
/// share from somebody who has less. Within a holder the idle go first, then the slowest. Of somebody within that share only what
/// is idle goes, or slow: a client that waits for its answer is never cut off then.
final class ConnectionLedger: Sendable {
    /// What becomes of a new connection.
    enum Admission {
        /// It has a seat, for which another connection may have to be closed, whose seat is given up already.
        case seated(Seat, evicted: Seat?)
        /// Its holder has all that is to be had, and none of it is idle.
        case refused
    }

    private struct Books {
        var seats: [Holder: [Seat]] = [:]
        var count = 0

        mutating func add(_ seat: Seat) {
            seats[seat.holder, default: []].append(seat)
            count += 1
        }

        /// Strikes out a seat; nothing happens if it was struck out before.
        mutating func remove(_ seat: Seat) {
            guard let index = seats[seat.holder]?.firstIndex(where: { $0 === seat }) else { return }
            seats[seat.holder]?.remove(at: index)
            if seats[seat.holder]?.isEmpty == true { seats[seat.holder] = nil }
            count -= 1
        }

        /// Who can best be closed for a newcomer of that holder; nil if nobody can.
        func dispensable(for newcomer: Holder?, _ now: UInt64) -> Seat? {
            let own = newcomer.flatMap { seats[$0] } ?? []
            if let largest = seats.values.max(by: { $0.count < $1.count }), largest.count > own.count + 1 {
                return mostDispensable(largest)
            }
            let all = seats.values.joined()
            return mostDispensable(own.filter { $0.activity == .idle })
                ?? mostDispensable(all.filter { $0.activity == .idle })
                ?? mostDispensable(own.filter { $0.isSlow(now) })
                ?? mostDispensable(all.filter { $0.isSlow(now) })
        }

        private func mostDispensable(_ seats: some Sequence<Seat>) -> Seat? {
            seats.min { $0.dispensability < $1.dispensability }
        }

        /// The connection at which most waits for longest, of the holder of whom most waits for longest.
        func mostStalled(_ now: UInt64) -> Seat? {
            // Octets times time. A tenth of a second is added, so that size decides among those that moved just now.
            func burden(_ seat: Seat) -> Double {
                Double(seat.unsent.load(ordering: .relaxed)) * Double(seat.age(now) + 100_000_000)
            }
            let holder = seats.values
                .map { (seats: $0, burden: $0.reduce(0) { $0 + burden($1) }) }
                .max { $0.burden < $1.burden }
            guard let holder, holder.burden > 0 else { return nil }
            return holder.seats.max { burden($0) < burden($1) }
        }
    }

    private let maxConnections: Int
    private let maxUnsent: Int
    private let isTrustedProxy: @Sendable (String) -> Bool
    private let books = Mutex(Books())
    /// Octets of answers that wait at all connections.
    private let unsent = Atomic<Int>(0)

    init(maxConnections: Int, maxUnsent: Int, isTrustedProxy: @escaping @Sendable (String) -> Bool) {
        (self.maxConnections, self.maxUnsent, self.isTrustedProxy) = (maxConnections, maxUnsent, isTrustedProxy)
    }

    /// Finds a place for a new connection.
    func admit(_ peer: SocketAddress, descriptor: Int32, loop: Int, now: UInt64) -> Admission {
        let network = isTrustedProxy(peer.host) ? nil : peer.network
        let seat = Seat(network ?? .connection(descriptor: descriptor), loop: loop, descriptor: descriptor, now: now)
        return books.withLock { books in
            var evicted: Seat?
            if books.count >= maxConnections {
                evicted = books.dispensable(for: seat.holder, now)
                guard let evicted else { return .refused }
                strikeOut(evicted, &books)
            }
            books.add(seat)
            return .seated(seat, evicted: evicted)
        }
    }

    /// Gives up a seat for a connection that cannot even be accepted.
    func makeRoom(_ now: UInt64) -> Seat? {
        books.withLock { books in
            let evicted = books.dispensable(for: nil, now)
            if let evicted { strikeOut(evicted, &books) }
            return evicted
        }
    }

    /// A connection was closed.
    func leave(_ seat: Seat) { books.withLock { strikeOut(seat, &$0) } }

    /// Notes how many octets wait at a connection; returns whose connections must be closed because too many wait in all, whose seats
    /// are given up already. One connection alone may have more than the bound.
    func note(unsent octets: Int, at seat: Seat, now: UInt64) -> [Seat] {
        guard octets != seat.unsent.load(ordering: .relaxed) else { return [] }
        let more = octets - seat.unsent.exchange(octets, ordering: .relaxed)
        guard unsent.wrappingAdd(more, ordering: .relaxed).newValue > maxUnsent, more > 0 else { return [] }
        return books.withLock { books in
            var evicted: [Seat] = []
            while case let total = unsent.load(ordering: .relaxed), total > maxUnsent,
                let seat = books.mostStalled(now), seat.unsent.load(ordering: .relaxed) < total
            {
                strikeOut(seat, &books)
                evicted.append(seat)
            }
            return evicted
        }
    }

    private func strikeOut(_ seat: Seat, _ books: inout Books) {
        books.remove(seat)
        unsent.wrappingSubtract(seat.unsent.exchange(0, ordering: .relaxed), ordering: .relaxed)
    }
}
