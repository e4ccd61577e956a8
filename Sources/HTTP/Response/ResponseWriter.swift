/// The head of an answer as octets (RFC 9112 section 4).
///
/// The framing fields and `Date` and `Connection` are the server's alone: a handler's own are left out. No value can
/// break out of its line: CR, LF, NUL and other control characters become spaces, and a field whose name is no token
/// is left out (RFC 9112 section 11.1, response splitting).
struct ResponseWriter {
    /// How the end of the content is told.
    enum Framing: Equatable {
        /// `Content-Length`.
        case length(Int)
        /// `Transfer-Encoding: chunked`.
        case chunked
        /// By closing the connection, for HTTP/1.0.
        case untilClose
        /// There is no content and nothing says so: 204, 304.
        case none
    }

    /// What the field `Connection` says.
    enum Persistence: Equatable {
        /// Nothing: HTTP/1.1 keeps a connection by default.
        case implicit
        /// `keep-alive`, which an HTTP/1.0 client must be told.
        case keepAlive
        case close
    }

    static func head(
        status: Int, headers: HTTPHeaders, framing: Framing, persistence: Persistence, date: [UInt8],
        into output: inout [UInt8]
    ) {
        output.append("HTTP/1.1 ")
        output.append(decimal: status)
        output.append(Byte.space)
        output.append(HTTPStatus.reason(status))
        output.append("\r\nDate: ")
        output.append(contentsOf: date)
        switch framing {
        case .length(let length):
            output.append("\r\nContent-Length: ")
            output.append(decimal: length)
        case .chunked: output.append("\r\nTransfer-Encoding: chunked")
        case .untilClose, .none: break
        }
        switch persistence {
        case .implicit: break
        case .keepAlive: output.append("\r\nConnection: keep-alive")
        case .close: output.append("\r\nConnection: close")
        }
        for field in headers.fields where !isOwnedByServer(field.name) {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy({ $0.isTokenByte }) else { continue }
            output.append("\r\n")
            output.append(contentsOf: field.name.utf8)
            output.append(": ")
            for byte in field.value.utf8 { output.append(byte.isFieldContent ? byte : Byte.space) }
        }
        output.append("\r\n\r\n")
    }

    private static func isOwnedByServer(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.equalsIgnoringASCIICase("Date")
        case 10: name.equalsIgnoringASCIICase("Connection") || name.equalsIgnoringASCIICase("Keep-Alive")
        case 14: name.equalsIgnoringASCIICase("Content-Length")
        case 17: name.equalsIgnoringASCIICase("Transfer-Encoding")
        default: false
        }
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    mutating func append(decimal number: Int) {
        if number >= 10 { append(decimal: number / 10) }
        append(UInt8(0x30 + number % 10))
    }

    mutating func append(hexadecimal number: Int) {
        if number >= 16 { append(hexadecimal: number >> 4) }
        let digit = UInt8(number & 15)
        append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
}
