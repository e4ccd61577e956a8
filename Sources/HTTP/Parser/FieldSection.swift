/// The field lines of one message as they arrive, and what they say about its framing (RFC 9112 sections 5, 6 and 9).
struct FieldSection {
    private(set) var headers = HTTPHeaders()
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var asksToClose = false
    private(set) var asksToKeep = false
    private(set) var expectsContinue = false

    private var expectation: String?
    private var sawTransferEncoding = false
    private var hosts = 0
    private var lines = 0
    private var bytes = 0

    /// The bytes which the next line may have before its CRLF.
    func room(_ limits: ParserLimits) -> Int { max(0, limits.headerBytes - bytes - 2) }

    /// Takes a line without its CRLF; trailers are checked the same way and dropped.
    mutating func add(_ line: Span<UInt8>, isTrailer: Bool, limits: ParserLimits) throws(HTTPFailure) {
        lines += 1
        bytes += line.count + 2
        guard lines <= limits.headers else {
            throw .headersTooLarge("The message has more than \(limits.headers) field lines (--max-headers).")
        }
        guard let colon = line.first(Byte.colon) else { throw .malformed("A field line has no colon.") }
        guard colon > 0 else { throw .malformed("A field line has no name before its colon.") }
        for index in 0..<colon where !line[index].isTokenByte {
            throw .malformed(
                line[index].isBlank
                    ? "A field line begins with a blank or has one in its name."
                    : "The name of a field has an octet (\(line[index])) that no token may have.")
        }
        let value = line.trimmed((colon + 1)..<line.count)
        for index in value where !line[index].isFieldContent {
            throw .malformed("The value of a field has a control character (\(line[index])).")
        }
        if isTrailer { return }
        let nameBytes = line.extracting(0..<colon)
        let valueBytes = line.extracting(value)
        try takeFraming(nameBytes, valueBytes)
        headers.add(nameBytes.latin1, valueBytes.latin1)
    }

    private mutating func takeFraming(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(HTTPFailure) {
        switch name.count {
        case 4 where name.spells("host"):
            hosts += 1
            guard hosts == 1 else { throw .malformed("The message has more than one Host field.") }
            guard HostField.isValid(value) else { throw .malformed("The Host field names no valid host.") }
        case 6 where name.spells("expect"):
            expectsContinue = value.spells("100-continue")
            expectation = value.latin1
        case 10 where name.spells("connection"):
            takeConnection(value)
        case 14 where name.spells("content-length"):
            guard contentLength == nil else { throw .malformed("The message has more than one Content-Length field.") }
            contentLength = try Self.length(value)
        case 17 where name.spells("transfer-encoding"):
            guard !sawTransferEncoding else {
                throw .malformed("The message has more than one Transfer-Encoding field.")
            }
            sawTransferEncoding = true
            try takeTransferEncoding(value)
        default: break
        }
    }

    /// Digits and nothing else; a number that no `Int` holds is refused, not wrapped.
    private static func length(_ value: Span<UInt8>) throws(HTTPFailure) -> Int {
        guard value.count > 0 else { throw .malformed("The Content-Length field is empty.") }
        var length = 0
        for index in value.indices {
            guard value[index].isDigit else { throw .malformed("The Content-Length field is not a number of digits.") }
            let (shifted, overflow) = length.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(Int(value[index] - 0x30))
            guard !overflow, !carry else { throw .malformed("The Content-Length field is too large a number.") }
            length = sum
        }
        return length
    }

    /// `chunked` alone is understood; another coding before it is refused with 501, everything else is faulty framing.
    private mutating func takeTransferEncoding(_ value: Span<UInt8>) throws(HTTPFailure) {
        if value.spells("chunked") {
            isChunked = true
            return
        }
        var codings = 0
        var start = 0
        var (chunkedCodings, lastIsChunked) = (0, false)
        while start <= value.count {
            let end = value.first(Byte.comma, from: start) ?? value.count
            let coding = value.extracting(value.trimmed(start..<end))
            guard coding.count > 0, coding.indices.allSatisfy({ coding[$0].isTokenByte }) else {
                throw .malformed("The Transfer-Encoding field is not a list of codings.")
            }
            codings += 1
            lastIsChunked = coding.spells("chunked")
            if lastIsChunked { chunkedCodings += 1 }
            start = end + 1
        }
        guard lastIsChunked, chunkedCodings == 1, codings > 1 else {
            throw .malformed("The Transfer-Encoding field does not end in one chunked, so the body has no certain end.")
        }
        throw HTTPFailure(
            status: 501, code: "transfer_coding_not_implemented",
            detail: "Only the transfer coding chunked is understood; send the body as it is.")
    }

    private mutating func takeConnection(_ value: Span<UInt8>) {
        var start = 0
        while start <= value.count {
            let end = value.first(Byte.comma, from: start) ?? value.count
            let option = value.extracting(value.trimmed(start..<end))
            if option.spells("close") { asksToClose = true }
            if option.spells("keep-alive") { asksToKeep = true }
            start = end + 1
        }
    }

    /// What can be judged only when the last line is in.
    mutating func finish(_ line: RequestLine) throws(HTTPFailure) {
        if line.minorVersion == 1 {
            guard hosts == 1 else { throw .malformed("An HTTP/1.1 request needs a Host field.") }
            if let expectation, !expectsContinue {
                throw HTTPFailure(
                    status: 417, code: "expectation_failed",
                    detail: "The expectation \"\(expectation)\" cannot be met; only 100-continue can.")
            }
        } else {
            expectsContinue = false
            guard !sawTransferEncoding else {
                throw .malformed("An HTTP/1.0 request has no Transfer-Encoding.")
            }
        }
        guard !sawTransferEncoding || contentLength == nil else {
            throw .malformed("The message has both Content-Length and Transfer-Encoding.")
        }
        if let authority = line.target.authority { headers.set("Host", authority) }
    }
}
