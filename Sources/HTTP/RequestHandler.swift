/// What the server calls for each request. One instance serves all connections from all event-loop threads.
public protocol RequestHandler: Sendable {
    /// Called on the connection's event loop as soon as the head is known and its framing valid; must not block.
    ///
    /// Answer through `exchange`, now or later, from any thread. If it is answered before the body has arrived (a refusal),
    /// the server sends no `100 Continue`, and lets the client read the answer before it closes (lingering close).
    func receive(_ request: HTTPRequestHead, exchange: HTTPExchange) -> BodyHandling

    /// The answer to a message that never became a request (malformed, too large, too slow), or to a request whose body is
    /// refused and whose exchange knows no answer of its own (`HTTPExchange.onFailure`). The connection ends with it.
    ///
    /// - Parameters:
    ///   - message: what was read before the failure.
    ///   - exchange: tells the peer's address and when the answer was sent; it takes no other answer.
    func response(to failure: HTTPFailure, in message: HTTPMessageStart, exchange: any HTTPExchange) -> HTTPResponse
}

/// What was read of a message when it was refused.
public struct HTTPMessageStart: Sendable {
    /// The method, nil where the request line is not known.
    public var method: String?
    /// The field lines that came before the failure; all of them where the head was complete.
    public var headers: HTTPHeaders

    /// A message of which so much is known.
    public init(method: String? = nil, headers: HTTPHeaders = HTTPHeaders()) {
        self.method = method
        self.headers = headers
    }
}

/// What happens with a request's body.
public enum BodyHandling {
    /// Read and dropped.
    case discard
    /// Given to a receiver piece by piece on the event loop. More than `limit` bytes is answered 413 by the server,
    /// as soon as the head or a chunk header says so.
    case deliver(to: any BodyReceiver, limit: Int)
}

/// Takes a body as it arrives. Called only on the connection's event-loop thread, never concurrently; the last call is
/// either `finish` or `abort`, and it comes exactly once.
public protocol BodyReceiver: AnyObject {
    /// The next bytes; valid only during the call. To refuse the rest, answer through the exchange and return.
    func receive(_ bytes: UnsafeRawBufferPointer)
    /// The body is complete.
    func finish()
    /// The body will never be complete: the client is gone, the framing broken, the limit passed, the time over, or the
    /// request was answered before its end. An answer given now counts no more.
    func abort()
}

/// Why a message was refused before a handler could answer it.
public struct HTTPFailure: Error, Sendable, Equatable {
    /// The status to answer with: 400, 408, 413, 414, 417, 431, 501, 505 …
    public var status: Int
    /// The stable code of `api.md`: `malformed_request`, `headers_too_large` …
    public var code: String
    /// A sentence for a person.
    public var detail: String

    /// A failure with its status, code and sentence.
    public init(status: Int, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }
}
