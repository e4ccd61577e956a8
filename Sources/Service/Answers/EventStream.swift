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

    /// An answer that comes at once: as it is, or where the client wants a stream, as its one event `result`.
    static func single(
        _ streams: Bool, _ request: Request, _ answer: () async throws -> HTTPResponse
    ) async throws -> Reply {
        guard streams else { return .whole(try await answer()) }
        let events = EventStream(request)
        defer { events.end() }
        do {
            events.send("result", data: try await answer().body)
        } catch {
            events.fail(request.problem(for: error))
        }
        return .streamed
    }
}

extension Problem {
    /// Heat maps are not streamed.
    static func refuse(explaining explains: Bool, aStream streams: Bool) throws(Problem) {
        guard explains && streams else { return }
        throw Problem(
            .invalidOption, "A stream has no explanation; leave out either \"explain\" or \"stream\".",
            members: ["option": .string("explain")])
    }
}
