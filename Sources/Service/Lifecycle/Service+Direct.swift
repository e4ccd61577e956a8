import HTTP
import Synchronization

extension Service {
    /// Answers a request of this process itself with what a client would get over HTTP, without sockets.
    ///
    /// - Parameters:
    ///   - path: without a query, and of characters that need no percent-encoding.
    ///   - type: the media type of the body.
    ///   - answered: gets the whole answer, once, from any thread.
    public func answer(
        _ method: String, _ path: String, type: String, body: [UInt8],
        _ answered: @escaping @Sendable (_ status: Int, _ body: [UInt8]) -> Void
    ) {
        let exchange = DirectExchange(answered)
        let head = HTTPRequestHead(
            method: method, path: path,
            segments: path.split(separator: "/").map(String.init), query: nil,
            headers: HTTPHeaders([("Content-Type", type)]), contentLength: body.count, hasBody: !body.isEmpty)
        if case .deliver(let receiver, _) = handler.receive(head, exchange: exchange) {
            body.withUnsafeBytes { receiver.receive($0) }
            receiver.finish()
        }
    }
}

/// An exchange whose client waits in this process, and does not go away.
private final class DirectExchange: HTTPExchange {
    private struct State {
        var answer: (status: Int, body: [UInt8])?
        var isComplete = false
        var onComplete: [@Sendable (Int?, Int) -> Void] = []
    }

    private let state = Mutex(State())
    private let answered: @Sendable (Int, [UInt8]) -> Void
    let peerAddress = "127.0.0.1"
    let isCancelled = false

    init(_ answered: @escaping @Sendable (Int, [UInt8]) -> Void) { self.answered = answered }

    func respond(_ response: HTTPResponse) -> Bool {
        guard startStreaming(status: response.status, headers: response.headers) else { return false }
        write(response.body)
        endStream()
        return true
    }

    func startStreaming(status: Int, headers: HTTPHeaders) -> Bool {
        state.withLock { state in
            guard state.answer == nil else { return false }
            state.answer = (status, [])
            return true
        }
    }

    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        state.withLock { $0.answer?.body += bytes }
        return true
    }

    func endStream() {
        let (answer, bodies, isFirst) = state.withLock { state in
            defer { (state.isComplete, state.onComplete) = (true, []) }
            return (state.answer, state.onComplete, !state.isComplete)
        }
        guard isFirst else { return }
        for body in bodies { body(answer?.status, answer?.body.count ?? 0) }
        answered(answer?.status ?? 500, answer?.body ?? [])
    }

    /// Nothing that a command asks for is streamed piece by piece; what came would be the answer.
    func breakOff() { endStream() }

    func onDrained(below octets: Int, _ body: @escaping @Sendable (Bool) -> Void) { body(true) }

    func onFailure(_ answer: @escaping @Sendable (HTTPFailure) -> HTTPResponse) {}

    func onCancel(_ body: @escaping @Sendable () -> Void) {}

    func onComplete(_ body: @escaping @Sendable (Int?, Int) -> Void) { state.withLock { $0.onComplete.append(body) } }
}
