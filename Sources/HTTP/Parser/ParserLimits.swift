/// The bounds that a parser keeps, in bytes and lines.
struct ParserLimits: Sendable, Equatable {
    var headerBytes = 16 << 10
    var headers = 100
    var target = 8 << 10
    /// All chunk extensions of one body together; nobody uses them, attackers do.
    var chunkExtensionBytes = 8 << 10
}

extension HTTPFailure {
    /// A message that breaks the grammar or whose framing could be understood in two ways.
    static func malformed(_ detail: String) -> HTTPFailure {
        HTTPFailure(status: 400, code: "malformed_request", detail: detail)
    }

    static func headersTooLarge(_ detail: String) -> HTTPFailure {
        HTTPFailure(status: 431, code: "headers_too_large", detail: detail)
    }

    static func targetTooLong(limit: Int) -> HTTPFailure {
        HTTPFailure(
            status: 414, code: "target_too_long",
            detail: "The request target is longer than \(limit) bytes (--max-target). Send options in the body.")
    }

    static func bodyTooLarge(limit: Int) -> HTTPFailure {
        HTTPFailure(
            status: 413, code: "body_too_large",
            detail: "The body is larger than the \(limit) bytes accepted here (--max-body). Send a smaller file.")
    }

    static func timedOut(_ detail: String) -> HTTPFailure {
        HTTPFailure(status: 408, code: "request_timeout", detail: detail)
    }
}
