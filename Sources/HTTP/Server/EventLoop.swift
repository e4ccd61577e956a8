import Glibc

/// One thread's connections: waits for readiness, messages and time, and lets each connection act.
///
/// Made and used on its own thread only.
final class EventLoop {
    private static let wakeToken = UInt64.max
    /// Nanoseconds for which connections take turns before the loop looks who else is ready.
    private static let slice: UInt64 = 1_000_000
    /// Timers that are fired before connections have their turns.
    private static let timersInTurn = 64

    let shared: ServerState
    let mailbox: LoopMailbox
    /// Filled and used up within one turn of one connection; idle connections own no buffer. Its size bounds what a client can
    /// have waiting here that sends requests ahead of their turn.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 64)
    /// As large as a TLS record; filled and used up like the other.
    lazy var decryptionBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 64)
    var timers = TimerHeap<UInt64>()
    private(set) var now: UInt64
    private(set) var date = HTTPDate()
    private(set) var isDraining = false

    private let clock: () -> UInt64
    private var poller: Poller
    private var acceptor: Acceptor?
    /// Connections by descriptor; the token's upper half tells an old one from a new one of the same descriptor.
    private var connections: [Connection?] = []
    private var connectionCount = 0
    private var generation: UInt64 = 0
    private var turns = TurnQueue<Holder, Connection>()
    private var isStopped = false
    private var readyBuffer: [Poller.Readiness] = []

    init(
        index: Int, shared: ServerState, pollerDescriptor: Int32,
        clock: @escaping () -> UInt64 = System.monotonicNanoseconds
    ) {
        self.shared = shared
        poller = Poller(owning: pollerDescriptor)
        if index == 0 {
            let listeners = shared.listeners.withLock { waiting in
                let taken = waiting
                waiting = []
                return taken
            }
            acceptor = Acceptor(listeners: listeners, loops: shared.mailboxes.count)
        }
        self.clock = clock
        mailbox = shared.mailboxes[index]
        now = clock()
    }

    deinit {
        receiveBuffer.deallocate()
        if shared.tls != nil { decryptionBuffer.deallocate() }
    }

    /// Turns until told to stop.
    func run() {
        guard poller.add(mailbox.signal.descriptor, token: Self.wakeToken) else { return }
        acceptor?.start(poller)
        while !isStopped {
            turn()
        }
        acceptor?.stop(poller)
        for connection in connections { connection?.close() }
        for case .adopt(_, let seat) in mailbox.takeAll() {
            Glibc.close(seat.descriptor)
            shared.closed(seat)
        }
        shared.progress.raise()
    }

    private func turn() {
        var wake = false
        var hasNew = false
        var ready: [Poller.Readiness] = []
        swap(&ready, &readyBuffer)
        poller.wait(milliseconds: timeout) { ready.append($0) }
        now = clock()
        date.update(System.wallSeconds())
        for readiness in ready {
            if readiness.token == Self.wakeToken {
                wake = true
            } else if readiness.token >= Acceptor.firstToken {
                hasNew = true
            } else {
                connection(readiness.token)?.note(readiness)
            }
        }
        ready.removeAll(keepingCapacity: true)
        swap(&ready, &readyBuffer)
        if wake { for message in mailbox.takeAll() { obey(message) } }
        for _ in 0..<Self.timersInTurn {
            guard let due = timers.popDue(now) else { break }
            if due.key >= Acceptor.firstToken {
                hasNew = true
            } else {
                connection(due.key)?.timerFired(due.time)
            }
        }
        if hasNew { accept() }
        takeTurns()
    }

    /// Lets connections have their turns, until all had them or others may have become ready meanwhile.
    private func takeTurns() {
        let end = now &+ Self.slice
        while now < end, let connection = turns.popFirst() {
            connection.takeTurn()
            now = clock()
        }
    }

    /// Milliseconds until the earliest timer, rounded up so that it is due on waking.
    private var timeout: Int32 {
        if !turns.isEmpty { return 0 }
        guard let earliest = timers.earliest else { return -1 }
        let now = clock()
        guard earliest > now else { return 0 }
        return Int32(min((earliest - now + 999_999) / 1_000_000, 60_000))
    }

    private func obey(_ message: LoopMailbox.Message) {
        switch message {
        case .look(let exchange): connection(exchange.connection)?.look(exchange)
        case .adopt(let peer, let seat): adopt(peer, seat)
        case .evict(let seat):
            if let connection = connections[Int(seat.descriptor)], connection.seat === seat { connection.close() }
        case .stopAccepting:
            acceptor?.stop(poller)
            acceptor = nil
        case .drain:
            isDraining = true
            for connection in connections { connection?.drain() }
            if connectionCount == 0 { shared.progress.raise() }
        case .stop: isStopped = true
        }
    }

    // MARK: Connections

    private func connection(_ token: UInt64) -> Connection? {
        let index = Int(token & 0xFFFF_FFFF)
        guard index < connections.count, let connection = connections[index], connection.token == token else {
            return nil
        }
        return connection
    }

    private func accept() {
        acceptor?.accept(poller, shared, now: now) { peer, seat in
            if seat.loop == 0 {
                adopt(peer, seat)
            } else {
                shared.mailboxes[seat.loop].post(.adopt(peer, seat))
            }
        } retryLater: { delay in
            timers.insert(Acceptor.firstToken, at: now &+ delay)
        }
    }

    private func adopt(_ peer: SocketAddress, _ seat: Seat) {
        let index = Int(seat.descriptor)
        while connections.count <= index { connections.append(nil) }
        generation = (generation + 1) & 0x7FFF_FFFF
        let token = generation << 32 | UInt64(index)
        let tls = shared.tls?.makeSession()
        guard (tls == nil) == (shared.tls == nil), poller.add(seat.descriptor, token: token) else {
            Glibc.close(seat.descriptor)
            shared.closed(seat)
            return
        }
        let connection = Connection(token: token, seat: seat, peerAddress: peer.host, tls: tls, loop: self)
        connections[index] = connection
        connectionCount += 1
        if isDraining {
            connection.drain()
        } else {
            connection.awaitTurn()
        }
    }

    /// Drops a connection that has closed itself.
    func forget(_ connection: Connection) {
        connections[Int(connection.descriptor)] = nil
        connectionCount -= 1
        shared.closed(connection.seat)
        if isDraining, connectionCount == 0 { shared.progress.raise() }
    }

    /// Gives a connection a turn when others had theirs: its holder is one of those who wait, whatever number of connections it has.
    func giveTurn(to connection: Connection, again: Bool) {
        turns.append(connection, of: connection.seat.holder, again: again)
    }
}
