import HTTP
import JSON

/// An answer as server-sent events (WHATWG HTML section 9.2), ended once.
struct EventStream: Sendable {
    private let request: Request

    /// Begins the answer.
    init(_ request: Request) {
        self.request = request
        _ = request.startStreaming(
            HTTPHeaders([
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
            ]))
    }

    /// Sends one event; `data` is JSON and thus has no line breaks.
    func send(_ name: String, data: [UInt8]) {
        request.exchange.write(Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8))
    }

    /// Sends a comment, which clients ignore, so that proxies do not take the silence for a broken connection.
    func ping() {
        request.exchange.write(Array(": waiting\n\n".utf8))
    }

    /// The event for text that became final.
    func token(_ text: String) {
        var json = JSONWriter(capacity: 48)
        json.object { $0.field("text", text) }
        send("token", data: json.bytes)
    }

    /// The event for an error after the first byte of the answer, whose status cannot be changed any more.
    func fail(_ problem: Problem) {
        request.record.refused(problem.code)
        send("error", data: problem.document(requestID: request.identity.id))
    }

    /// Ends the answer.
    func end() {
        request.exchange.endStream()
    }
}
