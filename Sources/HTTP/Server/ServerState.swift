import Synchronization

/// What all loops of a server share, unchanging but for the counters.
final class ServerState: Sendable {
    /// The time bounds in nanoseconds.
    struct Deadlines: Sendable {
        let header, body, bodyGrace, perBodyByte, idle, write, linger, lingerTotal, halfCloseProbe: UInt64

        init(_ configuration: HTTPServerConfiguration) {
            func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, min(seconds, 1e9)) * 1e9) }
            header = nanoseconds(configuration.headerTimeout)
            body = nanoseconds(configuration.bodyTimeout)
            bodyGrace = nanoseconds(configuration.bodyRateGrace)
            perBodyByte = configuration.minBodyRate > 0 ? nanoseconds(1 / configuration.minBodyRate) : 1_000_000_000_000
            idle = nanoseconds(configuration.idleTimeout)
            write = nanoseconds(configuration.writeTimeout)
            linger = nanoseconds(configuration.lingerTimeout)
            lingerTotal = nanoseconds(configuration.lingerTotal)
            halfCloseProbe = nanoseconds(configuration.halfCloseProbe)
        }
    }

    let configuration: HTTPServerConfiguration
    let handler: any RequestHandler
    let parserLimits: ParserLimits
    let deadlines: Deadlines
    let tls: TLSCredentials?
    let mailboxes: [LoopMailbox]
    /// Raised by each loop that has closed its last connection while draining, and at its end.
    let progress: Signal

    /// The listeners on their way to the first loop, which then owns them: they close with its acceptor.
    let listeners = Mutex<[Listener]>([])

    /// Whether each answer that begins closes its connection.
    let closesAfterAnswers = Atomic<Bool>(false)
    private let connections = Atomic<Int>(0)
    private let acceptingPaused = Atomic<Bool>(false)

    init(_ configuration: HTTPServerConfiguration, handler: any RequestHandler) throws(HTTPServerError) {
        self.configuration = configuration
        self.handler = handler
        parserLimits = ParserLimits(
            headerBytes: configuration.maxHeaderBytes, headers: configuration.maxHeaders,
            target: configuration.maxTarget)
        deadlines = Deadlines(configuration)
        switch (configuration.tlsCertificatePath, configuration.tlsKeyPath) {
        case (let certificate?, let key?): tls = try TLSCredentials(certificatePath: certificate, keyPath: key)
        case (nil, nil): tls = nil
        default: throw .invalidOption("TLS needs both --tls-certificate and --tls-key.")
        }
        var mailboxes: [LoopMailbox] = []
        for _ in 0..<max(1, configuration.loops) { mailboxes.append(try LoopMailbox()) }
        self.mailboxes = mailboxes
        progress = try Signal()
    }

    var connectionCount: Int { connections.load(ordering: .relaxed) }

    func opened() { connections.wrappingAdd(1, ordering: .relaxed) }

    /// Counts a connection as closed, and wakes the acceptor if it waits for that.
    func closed() {
        connections.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        if acceptingPaused.exchange(false, ordering: .sequentiallyConsistent) { mailboxes[0].post(.resumeAccepting) }
    }

    /// Whether no further connection may be opened now; if so, `closed` will post `.resumeAccepting`.
    func isFull() -> Bool {
        guard connections.load(ordering: .sequentiallyConsistent) >= configuration.maxConnections else { return false }
        acceptingPaused.store(true, ordering: .sequentiallyConsistent)
        // A connection may have closed in between and not seen the flag.
        return connections.load(ordering: .sequentiallyConsistent) >= configuration.maxConnections
    }
}
