import Synchronization

/// What all loops of a server share, unchanging but for the counters.
final class ServerState: Sendable {
    /// The time bounds in nanoseconds.
    struct Deadlines: Sendable {
        let header, body, bodyGrace, idle, write, linger, lingerTotal, halfCloseProbe: UInt64
        /// Octets per second.
        let uploadRate: Double
        /// The length of a body from which on the rate that it must reach rises in proportion.
        static let steadyLength = 4 << 20

        init(_ configuration: HTTPServerConfiguration) {
            func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, min(seconds, 1e9)) * 1e9) }
            header = nanoseconds(configuration.headerTimeout)
            body = nanoseconds(configuration.bodyTimeout)
            bodyGrace = nanoseconds(configuration.bodyRateGrace)
            uploadRate = Double(max(1, configuration.minUploadRate))
            idle = nanoseconds(configuration.idleTimeout)
            write = nanoseconds(configuration.writeTimeout)
            linger = nanoseconds(configuration.lingerTimeout)
            lingerTotal = nanoseconds(configuration.lingerTotal)
            halfCloseProbe = nanoseconds(configuration.halfCloseProbe)
        }

        /// The time that so many octets of a body may have taken, if it has that length, or if they are all of it that is known of.
        func upload(of octets: Int, length: Int?) -> UInt64 {
            let times = max(1, Double(max(octets, length ?? 0)) / Double(Self.steadyLength))
            return UInt64(Double(octets) / (uploadRate * times) * 1e9)
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
    let ledger: ConnectionLedger
    private let connections = Atomic<Int>(0)

    init(_ configuration: HTTPServerConfiguration, handler: any RequestHandler) throws(HTTPServerError) {
        self.configuration = configuration
        self.handler = handler
        parserLimits = ParserLimits(
            headerBytes: configuration.maxHeaderBytes, headers: configuration.maxHeaders,
            target: configuration.maxTarget)
        deadlines = Deadlines(configuration)
        ledger = ConnectionLedger(
            maxConnections: configuration.maxConnections, maxUnsent: configuration.maxUnsentBytes,
            isTrustedProxy: configuration.isTrustedProxy)
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

    /// Counts a connection as closed.
    func closed(_ seat: Seat) {
        ledger.leave(seat)
        connections.wrappingSubtract(1, ordering: .relaxed)
    }

    /// Has connections closed whose seats are given up.
    func evict(_ seats: some Sequence<Seat>) {
        for seat in seats { mailboxes[seat.loop].post(.evict(seat)) }
    }
}
