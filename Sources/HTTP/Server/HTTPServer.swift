import Glibc
import Synchronization

/// An HTTP/1.1 server (RFC 9110, RFC 9112) on its own event-loop threads.
///
///     let server = try HTTPServer(HTTPServerConfiguration(port: 8080), handler: handler)
///     let addresses = try server.start()
///     …
///     server.stopAccepting()
///     _ = server.drain(within: 30)
///
/// All methods may be called from any thread but a loop's own (that is, not from a handler).
public final class HTTPServer: Sendable {
    private enum Life: Sendable {
        case new
        case running([LoopThread])
        case ended
    }

    /// Descriptors beside those of connections: listeners, files, the pipes of decoders.
    private static let otherDescriptors = 256

    private let state: ServerState
    private let life = Mutex(Life.new)

    /// Checks the configuration; nothing listens before `start`.
    public init(_ configuration: HTTPServerConfiguration, handler: any RequestHandler) throws(HTTPServerError) {
        guard (1...64).contains(configuration.loops) else {
            throw .invalidOption("\(configuration.loops) event loops make no sense; choose between 1 and 64.")
        }
        guard configuration.maxConnections > 0 else {
            throw .invalidOption("A server with no connections serves nobody; --max-connections must be at least 1.")
        }
        state = try ServerState(configuration, handler: handler)
    }

    deinit { _ = drain(within: 0) }

    /// Connections open at this moment.
    public var connectionCount: Int { state.connectionCount }

    /// Listens and serves; returns the addresses bound, such as `127.0.0.1:8080`. To be called once.
    public func start() throws(HTTPServerError) -> [String] {
        guard case .new = life.withLock({ $0 }) else {
            throw .invalidOption("A server is started once; make another one to listen again.")
        }
        System.allowDescriptors(state.configuration.maxConnections + Self.otherDescriptors)
        let listeners = try listen()
        let addresses = listeners.map(\.address)
        state.listeners.withLock { $0 = listeners }
        var threads: [LoopThread] = []
        defer { life.withLock { $0 = .running(threads) } }
        for index in state.mailboxes.indices {
            let poller = try Poller.open()
            threads.append(
                try LoopThread(name: "http-\(index)") { [state] in
                    EventLoop(index: index, shared: state, pollerDescriptor: poller).run()
                })
        }
        return addresses
    }

    private func listen() throws(HTTPServerError) -> [Listener] {
        let configuration = state.configuration
        var listeners: [Listener] = []
        for address in try Listener.addresses(host: configuration.host, port: configuration.port) {
            // With port 0 the kernel chooses for the first address, and the others follow it.
            let wanted = listeners.first.map { address.with(port: $0.port) } ?? address
            do {
                listeners.append(try Listener(wanted, buffer: configuration.socketBuffer))
            } catch {
                // `localhost` is served on what there is of it: many machines name ::1 and have no IPv6.
                if listeners.isEmpty || configuration.port != 0 && wanted.family != AF_INET6 { throw error }
            }
        }
        return listeners
    }

    /// Reads certificate and key again, for the connections that come from now on. If they cannot be used, those in use stay.
    /// It reads files, and so blocks where a file system does.
    ///
    /// - Parameter onlyIfChanged: does nothing if the files are what they were when they were tried last.
    /// - Returns: whether new ones are in use; false for a server of plain HTTP.
    @discardableResult
    public func renewCertificate(onlyIfChanged: Bool = false) throws(HTTPServerError) -> Bool {
        try state.tls?.renew(onlyIfChanged: onlyIfChanged) ?? false
    }

    /// Closes the listeners; open connections are served on.
    public func stopAccepting() { state.mailboxes[0].post(.stopAccepting) }

    /// Lets every answer that begins from now on close its connection, so that clients come back where others serve them;
    /// connections are still accepted and served.
    public func closeAfterAnswers() { state.closesAfterAnswers.store(true, ordering: .relaxed) }

    /// Closes idle connections, lets requests under way finish (each answer closes its connection), then closes
    /// everything and ends the loops. Blocks for at most about `seconds`; whether every request was finished.
    @discardableResult
    public func drain(within seconds: Double) -> Bool {
        let threads = life.withLock { life -> [LoopThread] in
            guard case .running(let threads) = life else { return [] }
            life = .ended
            return threads
        }
        guard !threads.isEmpty else { return true }
        stopAccepting()
        for mailbox in state.mailboxes { mailbox.post(.drain) }
        let end = System.monotonicNanoseconds() &+ UInt64(max(0, min(seconds, 1e9)) * 1e9)
        while state.connectionCount > 0 {
            let now = System.monotonicNanoseconds()
            guard now < end else { break }
            _ = state.progress.wait(milliseconds: Int32(min((end - now + 999_999) / 1_000_000, 60_000)))
        }
        let finished = state.connectionCount == 0
        for mailbox in state.mailboxes { mailbox.post(.stop) }
        for thread in threads { thread.join() }
        return finished
    }
}
