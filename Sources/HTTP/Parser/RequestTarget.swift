/// The target of a request line (RFC 9112 section 3.2): origin-form, absolute-form, or `*` with OPTIONS.
struct RequestTarget {
    /// Normalised, still percent-encoded; `*` for the server as a whole.
    var path = "/"
    /// Percent-decoded.
    var segments: [String] = []
    /// Undecoded.
    var query: String?
    /// The host of an absolute-form, which then replaces that of the field `Host`.
    var authority: String?

    init(_ bytes: Span<UInt8>, method: String) throws(HTTPFailure) {
        if bytes.count == 1, bytes[0] == Byte.asterisk {
            guard method == "OPTIONS" else { throw .malformed("The target * is for OPTIONS alone.") }
            path = "*"
            return
        }
        var start = 0
        if bytes[0] != Byte.slash {
            start = try Self.schemeEnd(bytes)
            var end = start
            while end < bytes.count, bytes[end] != Byte.slash, bytes[end] != Byte.question { end += 1 }
            let host = bytes.extracting(start..<end)
            guard HostField.isValid(host) else { throw .malformed("The target names no valid host.") }
            authority = host.latin1
            start = end
            if start == bytes.count {
                if method == "OPTIONS" { path = "*" }
                return
            }
        }
        var pathEnd = start
        while pathEnd < bytes.count, bytes[pathEnd] != Byte.question {
            guard bytes[pathEnd].isPathCharacter else { throw Self.forbidden(bytes[pathEnd]) }
            pathEnd += 1
        }
        if pathEnd < bytes.count {
            let queryBytes = bytes.extracting((pathEnd + 1)...)
            for index in queryBytes.indices where !queryBytes[index].isQueryCharacter {
                throw Self.forbidden(queryBytes[index])
            }
            query = queryBytes.latin1
        }
        try normalise(bytes.extracting(start..<pathEnd))
    }

    /// Behind `http://` or `https://`.
    private static func schemeEnd(_ bytes: Span<UInt8>) throws(HTTPFailure) -> Int {
        if bytes.count > 7, bytes.extracting(0..<7).spells("http://") { return 7 }
        if bytes.count > 8, bytes.extracting(0..<8).spells("https://") { return 8 }
        throw .malformed("The target is neither a path that begins with / nor an http URL.")
    }

    /// Splits at `/`, decodes each segment, drops empty ones and `.`, and lets `..` climb no higher than the root.
    private mutating func normalise(_ bytes: Span<UInt8>) throws(HTTPFailure) {
        var kept: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let end = bytes.first(Byte.slash, from: start) ?? bytes.count
            if end > start {
                let segment = try Self.decode(bytes.extracting(start..<end))
                if segment == ".." {
                    if !kept.isEmpty {
                        kept.removeLast()
                        segments.removeLast()
                    }
                } else if segment != "." {
                    kept.append(start..<end)
                    segments.append(segment)
                }
            }
            start = end + 1
        }
        guard !kept.isEmpty else { return }
        // Mostly the path is in its normal form already.
        if kept.reduce(0, { $0 + $1.count + 1 }) == bytes.count {
            path = bytes.latin1
        } else {
            path = kept.map { "/" + bytes.extracting($0).latin1 }.joined()
        }
    }

    private static func decode(_ bytes: Span<UInt8>) throws(HTTPFailure) -> String {
        guard bytes.first(Byte.percent) != nil else { return bytes.latin1 }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == Byte.percent else {
                decoded.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = bytes[index + 1].hexValue, let low = bytes[index + 2].hexValue
            else {
                throw .malformed("The path has a % that two hexadecimal digits do not follow.")
            }
            let byte = high << 4 | low
            guard byte != 0 else { throw .malformed("The path has an escaped NUL.") }
            decoded.append(byte)
            index += 3
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw .malformed("The escaped octets of the path are not UTF-8.")
        }
        return text
    }

    private static func forbidden(_ byte: UInt8) -> HTTPFailure {
        if byte == Byte.hash { return .malformed("The target has a fragment; leave out # and what follows.") }
        return .malformed("The target has an octet (\(byte)) that must be percent-encoded.")
    }
}

extension UInt8 {
    /// `pchar`, `/` and the `%` of an escape (RFC 3986 section 3.3).
    fileprivate var isPathCharacter: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case 0x21, 0x24...0x2F, 0x3A, 0x3B, 0x3D, 0x40, 0x5F, 0x7E: return true
        default: return false
        }
    }

    /// As RFC 3986 section 3.4, and the brackets and bars that browsers and curl send raw.
    fileprivate var isQueryCharacter: Bool {
        switch self {
        case Byte.question, Byte.leftBracket, Byte.rightBracket, 0x7C: true
        default: isPathCharacter
        }
    }
}
