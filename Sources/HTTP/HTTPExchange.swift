/// One request and its answer. Safe to use from any thread; the connection picks the answer up on its event loop.
public protocol HTTPExchange: AnyObject, Sendable {
    /// The client's address without port: `127.0.0.1`, `::1`.
    var peerAddress: String { get }
    /// Whether the client went away before the answer was complete. Half-close does not count.
    var isCancelled: Bool { get }
    /// Sends the answer. Only the first answer counts; false if one was given already or the client is gone.
    @discardableResult func respond(_ response: HTTPResponse) -> Bool
    /// Starts an answer of unknown length (chunked, or until close for HTTP/1.0), e.g. server-sent events.
    @discardableResult func startStreaming(status: Int, headers: HTTPHeaders) -> Bool
    /// Sends bytes of a started stream; false if the client is gone, or so slow that the bound of waiting bytes is passed,
    /// which ends its connection.
    @discardableResult func write(_ bytes: [UInt8]) -> Bool
    /// Ends a started stream.
    func endStream()
    /// Closes the connection in the middle of a started stream, so that the client sees that something is missing.
    func breakOff()
    /// Runs `body` once when fewer than `octets` of the answer wait at the connection (at once if it is so already), so that
    /// a long answer is made as fast as its client reads; with false when the client is gone. It may run on the
    /// connection's event loop and must be quick.
    func onDrained(below octets: Int, _ body: @escaping @Sendable (_ isConnected: Bool) -> Void)
    /// Says how the request is answered if its body turns out malformed, too large or too slow before it has an answer.
    /// It runs on the connection's event loop and must be quick. Without it, `RequestHandler.response` makes the answer.
    func onFailure(_ answer: @escaping @Sendable (HTTPFailure) -> HTTPResponse)
    /// Runs `body` once if the client goes away before the answer is complete (at once if it already has). It runs on the
    /// connection's event loop and must be quick.
    func onCancel(_ body: @escaping @Sendable () -> Void)
    /// Runs `body` once when the last byte of the answer was given to the kernel or the connection failed:
    /// (status sent or nil, bytes of content sent). For access logs and true durations. It runs on the connection's event
    /// loop and must be quick.
    func onComplete(_ body: @escaping @Sendable (_ status: Int?, _ bytesSent: Int) -> Void)
}
