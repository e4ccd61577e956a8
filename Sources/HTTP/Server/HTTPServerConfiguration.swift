/// Where a server listens and every bound it keeps. Times are seconds.
public struct HTTPServerConfiguration: Sendable {
    /// A host name or address: `127.0.0.1`, `::1`, `localhost` (every address it stands for), `0.0.0.0`, `::` (IPv4 too).
    public var host: String
    /// The port; 0 lets the kernel choose one.
    public var port: Int
    /// Event-loop threads. Default: 1, which on two cores serves more than two loops do (docs/decisions/0031).
    public var loops: Int = 1

    /// Bytes of a body which no handler asked for; `BodyHandling.deliver` carries its own limit. Default: 32 MiB.
    public var maxBody: Int = 32 << 20
    /// Bytes of all field lines of one message together. Default: 16 KiB.
    public var maxHeaderBytes: Int = 16 << 10
    /// Field lines of one message. Default: 100.
    public var maxHeaders: Int = 100
    /// Bytes of the request target. Default: 8 KiB.
    public var maxTarget: Int = 8 << 10
    /// Connections open at once. At this bound a new one takes the place of one that can be spared: the longest idle of whoever
    /// holds most (docs/decisions/0145). Default: 1024.
    public var maxConnections: Int = 1024
    /// Whether connections from an address (without port) are each counted by itself, because a proxy sends many clients'
    /// requests from there. Default: none.
    public var isTrustedProxy: @Sendable (String) -> Bool = { _ in false }
    /// Bytes of answers that may wait for slow clients, over all connections. Where more wait, the connection is closed at which most
    /// waits for longest (docs/decisions/0146). An answer alone may be larger. Default: 32 MiB.
    public var maxUnsentBytes: Int = 32 << 20
    /// Bytes that the kernel may keep for a connection, in each direction, as `SO_SNDBUF` and `SO_RCVBUF` have it: it takes up to
    /// twice that for its own. Default: 128 KiB.
    public var socketBuffer: Int = 128 << 10
    /// Bytes of a streamed answer that may wait for a slow client before it counts as gone. Default: 1 MiB.
    public var maxStreamBacklog: Int = 1 << 20

    /// From the first byte of a head (or from accepting the connection) to its last. Default: 10 s.
    public var headerTimeout: Double = 10
    /// Without a further byte of the body. Default: 30 s.
    public var bodyTimeout: Double = 30
    /// Bytes per second which a body of up to 4 MiB must reach on average once `bodyRateGrace` has passed; longer ones must
    /// be faster in proportion, so that none takes longer than 4 MiB at this rate (docs/decisions/0147). Default: 16 KiB/s.
    public var minUploadRate: Int = 16 << 10
    /// The time before `minUploadRate` counts. Default: 10 s.
    public var bodyRateGrace: Double = 10
    /// Between two requests of a connection. Default: 75 s.
    public var idleTimeout: Double = 75
    /// Without a byte of the answer being taken. Default: 30 s.
    public var writeTimeout: Double = 30
    /// After a last answer, without a further byte of the client; so long its remaining upload is read and dropped,
    /// because a reset would destroy the answer (RFC 9112 section 9.6). Default: 1 s.
    public var lingerTimeout: Double = 1
    /// The whole time of that dropping. Default: 5 s.
    public var lingerTotal: Double = 5
    /// The bytes dropped at most. Default: 64 MiB.
    public var lingerBytes: Int = 64 << 20
    /// After a client ended its side while its answer is awaited: then an interim answer (`100 Continue`) tells a client
    /// that was killed, whose request is cancelled, from one that half-closed and still reads. Default: 0.5 s.
    public var halfCloseProbe: Double = 0.5

    /// A PEM file with the certificate chain; nil serves plain HTTP.
    public var tlsCertificatePath: String?
    /// A PEM file with the private key of that certificate.
    public var tlsKeyPath: String?

    /// A server of plain HTTP with the default bounds.
    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }
}
