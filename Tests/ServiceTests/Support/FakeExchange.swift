import Dispatch
import HTTP
import Synchronization
import Testing

/// An exchange without a connection: keeps the answer, and lets the test play the client that goes away.
final class FakeExchange: HTTPExchange {
    private struct State {
        var response: HTTPResponse?
        var streamed: (status: Int, headers: HTTPHeaders, body: [UInt8])?
        var isCancelled = false
        var isBrokenOff = false
        var onCancel: [@Sendable () -> Void] = []
        var onComplete: [@Sendable (Int?, Int) -> Void] = []
    }

    private let state = Mutex(State())
    private let finished = DispatchSemaphore(value: 0)
    let peerAddress: String

    init(peerAddress: String = "192.0.2.1") {
        self.peerAddress = peerAddress
    }

    var isCancelled: Bool { state.withLock(\.isCancelled) }

    func respond(_ response: HTTPResponse) -> Bool {
        let isFirst = state.withLock { state in
            guard state.response == nil, state.streamed == nil, !state.isCancelled else { return false }
            state.response = response
            return true
        }
        if isFirst { complete(response.status, response.body.count) }
        return isFirst
    }

    func startStreaming(status: Int, headers: HTTPHeaders) -> Bool {
        state.withLock { state in
            guard state.response == nil, state.streamed == nil, !state.isCancelled else { return false }
            state.streamed = (status, headers, [])
            return true
        }
    }

    func write(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isCancelled else { return false }
            state.streamed?.body += bytes
            return true
        }
    }

    func endStream() {
        let status = state.withLock { $0.streamed?.status }
        complete(status, 0)
    }

    func breakOff() {
        state.withLock { $0.isBrokenOff = true }
        complete(nil, 0)
    }

    func onDrained(below octets: Int, _ body: @escaping @Sendable (Bool) -> Void) { body(!isCancelled) }

    func onFailure(_ answer: @escaping @Sendable (HTTPFailure) -> HTTPResponse) {}

    func onCancel(_ body: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.onCancel.append(body) }
            return state.isCancelled
        }
        if isCancelled { body() }
    }

    func onComplete(_ body: @escaping @Sendable (Int?, Int) -> Void) {
        state.withLock { $0.onComplete.append(body) }
    }

    /// The client goes away.
    func cancel() {
        let bodies = state.withLock { state in
            state.isCancelled = true
            return state.onCancel
        }
        for body in bodies { body() }
        complete(nil, 0)
    }

    private func complete(_ status: Int?, _ bytes: Int) {
        let bodies = state.withLock { state in
            defer { state.onComplete = [] }
            return state.onComplete
        }
        for body in bodies { body(status, bytes) }
        finished.signal()
    }

    /// Waits for the answer.
    func answer() -> HTTPResponse {
        if finished.wait(timeout: .now() + 600) == .timedOut { Issue.record("no answer came") }
        return state.withLock { state in
            if let response = state.response { return response }
            let streamed = state.streamed
            return HTTPResponse(
                status: streamed?.status ?? 0, headers: streamed?.headers ?? HTTPHeaders(), body: streamed?.body ?? [])
        }
    }

    /// Whether the answer was broken off in the middle.
    var isBrokenOff: Bool { state.withLock(\.isBrokenOff) }

    /// The answer if there is one by now.
    var answerSoFar: HTTPResponse? { state.withLock(\.response) }
}
