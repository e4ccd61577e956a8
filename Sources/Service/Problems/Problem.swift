import HTTP
import JSON

/// Why a request is refused: what its client reads as `application/problem+json` (RFC 9457).
///
///     throw Problem(.invalidOption, "The option \"beams\" is 9; it takes a whole number from 1 to 8 (default 3).")
public struct Problem: Error, Sendable, Equatable {
    /// An extension member of the document, such as `option` or `limit`.
    public struct Member: Sendable, Equatable {
        /// The member's name, in snake case.
        public let name: String
        /// Its value.
        public let value: JSONValue
    }

    /// What kind of problem it is.
    public let code: ProblemCode
    /// The status, the code's own unless another was given.
    public let status: Int
    /// A sentence for a person: what was wrong with which value, and what to do instead. It never quotes an upload.
    public internal(set) var detail: String
    /// Further members, in the order written.
    public let members: [Member]
    /// Field lines the answer needs: `Allow`, `Retry-After`, `WWW-Authenticate` …
    public let headers: HTTPHeaders

    /// A problem with its code and sentence.
    public init(
        _ code: ProblemCode, _ detail: String, status: Int? = nil, members: KeyValuePairs<String, JSONValue> = [:],
        headers: HTTPHeaders = HTTPHeaders()
    ) {
        self.code = code
        self.status = status ?? code.status
        self.detail = detail
        self.members = members.map { Member(name: $0.key, value: $0.value) }
        self.headers = headers
    }

    /// A refusal that will pass: 429 or 503 with `Retry-After` in whole seconds, at least 1.
    public static func retryLater(_ code: ProblemCode, after seconds: Int = 1, _ detail: String) -> Problem {
        let seconds = max(1, seconds)
        return Problem(
            code, detail, members: ["retry_after": .integer(seconds)],
            headers: HTTPHeaders([("Retry-After", String(seconds))]))
    }

    /// The request's deadline passed: 503 while it waited, 504 once the engine had started on it.
    static func deadlineExceeded(afterStart: Bool, seconds: Double) -> Problem {
        let limit = "The \(seconds.formatted) s that a request may take (--request-deadline) passed"
        guard afterStart else {
            return Problem(
                .deadlineExceeded, "\(limit) while the request waited for its turn. Try again when less is to do.",
                headers: HTTPHeaders([("Retry-After", "1")]))
        }
        return Problem(.deadlineExceeded, "\(limit) while the answer was computed.", status: 504)
    }

    /// Something that must not happen. The cause goes to the log, under the request's id, and not to the client.
    static let internalError = Problem(
        .internalError, "The server failed on this request. Its log has the cause under the request's id.")

    /// The problem as a document with media type `application/problem+json`.
    func document(requestID: String) -> [UInt8] {
        var json = JSONWriter()
        // A member that JSON cannot express would be a number made by this program that is not finite: none is.
        try? json.object { json throws(JSONError) in
            json.field("type", "/problems/\(code.rawValue)")
            json.field("title", code.title)
            json.field("status", status)
            json.field("detail", detail)
            json.field("code", code.rawValue)
            json.field("request_id", requestID)
            for member in members { try json.field(member.name, member.value) }
        }
        return json.bytes
    }

    /// The whole answer.
    func response(requestID: String) -> HTTPResponse {
        var headers = headers
        headers.set("Content-Type", "application/problem+json")
        headers.set("Cache-Control", "no-store")
        return HTTPResponse(status: status, headers: headers, body: document(requestID: requestID)).endingLine()
    }
}

extension HTTPResponse {
    /// The same answer with further field lines.
    func adding(_ headers: HTTPHeaders) -> HTTPResponse {
        var response = self
        for field in headers.fields { response.headers.add(field.name, field.value) }
        return response
    }
}

extension Double {
    /// The number for a sentence: `60` rather than `60.0`.
    var formatted: String { self == rounded() && magnitude < 1e15 ? String(Int(self)) : String(self) }
}
