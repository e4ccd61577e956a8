import HTTP

/// The time that a client gives its request: the field `X-Request-Timeout`, a number of seconds such as `2.5`.
enum RequestTimeout {
    /// The field's name.
    static let field = "X-Request-Timeout"
    /// What may be given, in seconds.
    private static let range = 0.001...86400

    /// The time; nil where the client says nothing. Throws where what it says is no time.
    static func read(_ headers: HTTPHeaders) throws(Problem) -> Duration? {
        guard let value = headers[field] else { return nil }
        guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
            let seconds = Double(value), range.contains(seconds)
        else {
            throw Problem(
                .malformedRequest,
                "\(field) is \"\(value.prefix(32))\"; it takes a number of seconds from 0.001 to 86400 such as 2.5.")
        }
        return .seconds(seconds)
    }
}
