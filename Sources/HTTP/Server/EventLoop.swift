import Glibc

/// One thread's connections: waits for readiness, messages and time, and lets each connection act.
///
/// Made and used on its own thread only.
final class EventLoop {
    private static let wakeToken = UInt64.max

    let shared: ServerState
    let mailbox: LoopMailbox
    /// Filled and used up within one turn of one connection; idle connections own no buffer.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
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
    private var postponed: [Connection] = []
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
        for case .adopt(let descriptor, _) in mailbox.takeAll() {
            Glibc.close(descriptor)
            shared.closed()
        }
        shared.progress.raise()
    }

    private func turn() {
        var wake = false
        var ready: [Poller.Readiness] = []
        swap(&ready, &readyBuffer)
        poller.wait(milliseconds: timeout) { ready.append($0) }
        now = clock()
        date.update(System.wallSeconds())
        for readiness in ready {
            if readiness.token == Self.wakeToken {
                wake = true
            } else if readiness.token >= Acceptor.firstToken {
                accept()
            } else {
                connection(readiness.token)?.handle(readiness)
            }
        }
        ready.removeAll(keepingCapacity: true)
        swap(&ready, &readyBuffer)
        if wake { for message in mailbox.takeAll() { obey(message) } }
        if !postponed.isEmpty {
            let due = postponed
            postponed = []
            for connection in due where connection.phase != .closed { connection.run() }
        }
        while let due = timers.popDue(now) {
            if due.key >= Acceptor.firstToken {
                accept()
            } else {
                connection(due.key)?.timerFired(due.time)
            }
        }
    }

    /// Milliseconds until the earliest timer, rounded up so that it is due on waking.
    private var timeout: Int32 {
        if !postponed.isEmpty { return 0 }
        guard let earliest = timers.earliest else { return -1 }
        let now = clock()
        guard earliest > now else { return 0 }
        return Int32(min((earliest - now + 999_999) / 1_000_000, 60_000))
    }

    private func obey(_ message: LoopMailbox.Message) {
        switch message {
        case .look(let exchange): connection(exchange.connection)?.look(exchange)
        case .adopt(let descriptor, let peer): adopt(descriptor, peer)
        case .resumeAccepting: accept()
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
        acceptor?.accept(poller, shared) { descriptor, peer, loop in
            if loop == 0 {
                adopt(descriptor, peer)
            } else {
                shared.mailboxes[loop].post(.adopt(descriptor, peer))
            }
        } retryLater: { delay in
            timers.insert(Acceptor.firstToken, at: now &+ delay)
        }
    }

    private func adopt(_ descriptor: Int32, _ peer: SocketAddress) {
        let index = Int(descriptor)
        while connections.count <= index { connections.append(nil) }
        generation = (generation + 1) & 0x7FFF_FFFF
        let token = generation << 32 | UInt64(index)
        let tls = shared.tls?.makeSession()
        guard (tls == nil) == (shared.tls == nil), poller.add(descriptor, token: token) else {
            Glibc.close(descriptor)
            shared.closed()
            return
        }
        let connection = Connection(
            token: token, descriptor: descriptor, peerAddress: peer.host, tls: tls, loop: self)
        connections[index] = connection
        connectionCount += 1
        if isDraining {
            connection.drain()
        } else {
            connection.run()
        }
    }

    /// Drops a connection that has closed itself.
    func forget(_ connection: Connection) {
        connections[Int(connection.descriptor)] = nil
        connectionCount -= 1
        shared.closed()
        if isDraining, connectionCount == 0 { shared.progress.raise() }
    }

    /// Gives a connection another turn after all others had theirs.
    func runLater(_ connection: Connection) { postponed.append(connection) }
}
