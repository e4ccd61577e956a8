/// `method SP request-target SP HTTP-version` (RFC 9112 section 3), checked to the letter.
struct RequestLine {
    var method: String
    var target: RequestTarget
    var minorVersion: Int

    /// The longest request line worth reading for a target of that many bytes.
    static func room(target: Int) -> Int { target + 256 }

    init(_ line: Span<UInt8>, limits: ParserLimits) throws(HTTPFailure) {
        guard let methodEnd = line.first(Byte.space) else {
            throw .malformed("The request line has no method, target and version divided by single spaces.")
        }
        let targetStart = methodEnd + 1
        guard let targetEnd = line.first(Byte.space, from: targetStart), targetEnd > targetStart else {
            throw .malformed("The request line has no method, target and version divided by single spaces.")
        }
        let methodBytes = line.extracting(0..<methodEnd)
        guard methodEnd > 0, methodBytes.indices.allSatisfy({ methodBytes[$0].isTokenByte }) else {
            throw .malformed("The method of the request line is not a token.")
        }
        minorVersion = try Self.minorVersion(line.extracting((targetEnd + 1)...))
        guard targetEnd - targetStart <= limits.target else { throw .targetTooLong(limit: limits.target) }
        method = try Self.method(methodBytes)
        target = try RequestTarget(line.extracting(targetStart..<targetEnd), method: method)
    }

    /// Exactly `HTTP/` DIGIT `.` DIGIT; of those this server speaks 1.0 and 1.1.
    private static func minorVersion(_ bytes: Span<UInt8>) throws(HTTPFailure) -> Int {
        guard bytes.count == 8, bytes.extracting(0..<5).equals("HTTP/"), bytes[5].isDigit, bytes[6] == Byte.dot,
            bytes[7].isDigit
        else { throw .malformed("The request line does not end in a version such as HTTP/1.1.") }
        let minor = Int(bytes[7] - 0x30)
        guard bytes[5] == 0x31, minor <= 1 else {
            throw HTTPFailure(
                status: 505, code: "http_version_not_supported", detail: "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        }
        return minor
    }

    /// Methods are case-sensitive (RFC 9110 section 9.1). CONNECT would turn the connection into something else than HTTP.
    private static func method(_ bytes: Span<UInt8>) throws(HTTPFailure) -> String {
        if bytes.equals("GET") { return "GET" }
        if bytes.equals("POST") { return "POST" }
        if bytes.equals("HEAD") { return "HEAD" }
        if bytes.equals("PUT") { return "PUT" }
        if bytes.equals("DELETE") { return "DELETE" }
        if bytes.equals("OPTIONS") { return "OPTIONS" }
        if bytes.equals("PATCH") { return "PATCH" }
        if bytes.equals("TRACE") { return "TRACE" }
        if bytes.equals("QUERY") { return "QUERY" }
        throw HTTPFailure(
            status: 501, code: "method_not_implemented",
            detail: "The method is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE and QUERY, in capitals.")
    }
}
