import HTTP
import JSON

/// An answer that comes piece by piece, ended once: as server-sent events, or as the request's own form has it.
struct EventStream: Sendable {
    private let request: Request

    /// Begins the answer.
    init(_ request: Request) {
        self.request = request
        _ = request.startStreaming(
            HTTPHeaders([
                ("Content-Type", request.events.contentType), ("Cache-Control", "no-store"),
                ("X-Accel-Buffering", "no"),
            ]))
    }

    private func write(_ bytes: [UInt8]) {
        if !bytes.isEmpty { request.exchange.write(bytes) }
    }

    /// Says that more is to come, so that proxies do not take the silence for a broken connection.
    func ping() { write(request.events.waiting) }

    /// Text that became final.
    func token(_ text: String) { write(request.events.token(text)) }

    /// The whole answer, a JSON document.
    func result(_ answer: [UInt8]) { write(request.events.result(answer)) }

    /// An error after the first byte of the answer, whose status cannot be changed any more.
    func fail(_ problem: Problem) {
        request.record.refused(problem.code)
        write(request.events.failure(problem, requestID: request.identity.id))
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
            events.result(try await answer().body)
        } catch {
            events.fail(request.problem(for: error))
        }
        return .streamed
    }
}

/// How the pieces of an answer are written.
protocol EventForm: Sendable {
    /// The media type of all of them together.
    var contentType: String { get }
    /// What clients pass over; empty where there is no such thing.
    var waiting: [UInt8] { get }
    /// Text that became final.
    func token(_ text: String) -> [UInt8]
    /// The last piece: the whole answer, as the route would have given it at once.
    func result(_ answer: [UInt8]) -> [UInt8]
    /// The last piece where there is no answer.
    func failure(_ problem: Problem, requestID: String) -> [UInt8]
}

/// The form of our own: the events `token`, then `result` or `error` (WHATWG HTML section 9.2).
struct ServerSentEvents: EventForm {
    let contentType = "text/event-stream"
    let waiting = Array(": waiting\n\n".utf8)

    func token(_ text: String) -> [UInt8] {
        var json = JSONWriter(capacity: 48)
        json.object { $0.field("text", text) }
        return event("token", json.bytes)
    }

    func result(_ answer: [UInt8]) -> [UInt8] { event("result", answer) }

    func failure(_ problem: Problem, requestID: String) -> [UInt8] {
        event("error", problem.document(requestID: requestID))
    }

    /// One event; `data` is JSON and thus has no line breaks.
    private func event(_ name: String, _ data: [UInt8]) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8)
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
