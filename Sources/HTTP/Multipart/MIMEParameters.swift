/// A structured header value: `form-data; name="image"; filename="a.jpg"`, `text/plain; charset=utf-8`.
struct MIMEParameters {
    /// What stands before the first `;`, without surrounding blanks, in lower case.
    let value: String
    /// The parameters in order, names in lower case, quotes and escapes removed.
    let parameters: [(name: String, value: [UInt8])]

    /// Parses the value; nil if a parameter breaks the syntax or occurs twice.
    ///
    /// In quoted values a backslash escapes `"` and `\` only (what curl writes); before other bytes it stands for itself, as in
    /// the Windows paths of old browsers. Unquoted values reach to the next `;` or blank.
    init?(_ bytes: some Collection<UInt8>) {
        var scanner = Scanner(bytes: Array(bytes))
        value = String(decoding: scanner.take { $0 != UInt8(ascii: ";") }.trimmingBlanks, as: UTF8.self).lowercased()
        var parameters: [(name: String, value: [UInt8])] = []
        while scanner.skip(UInt8(ascii: ";")) {
            scanner.skipBlanks()
            // A lone `;` at the end is common and harmless.
            if scanner.isAtEnd { break }
            let name = scanner.take { $0.isTokenByte }
            guard !name.isEmpty, scanner.skip(UInt8(ascii: "=")), let value = scanner.parameterValue() else {
                return nil
            }
            scanner.skipBlanks()
            let lowercase = String(decoding: name, as: UTF8.self).lowercased()
            guard !parameters.contains(where: { $0.name == lowercase }) else { return nil }
            parameters.append((lowercase, value))
        }
        guard scanner.isAtEnd else { return nil }
        self.parameters = parameters
    }

    /// The value of that parameter, or nil.
    subscript(name: String) -> [UInt8]? {
        parameters.first { $0.name == name }?.value
    }
}

/// Walks over the bytes of a header value.
private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = index
        while index < bytes.count, isWanted(bytes[index]) { index += 1 }
        return bytes[start..<index]
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    mutating func skipBlanks() {
        while index < bytes.count, bytes[index].isBlank { index += 1 }
    }

    /// A quoted string or an unquoted value; nil if a quote is not closed.
    mutating func parameterValue() -> [UInt8]? {
        guard skip(UInt8(ascii: "\"")) else {
            return Array(take { $0 != UInt8(ascii: ";") && !$0.isBlank && $0 != UInt8(ascii: "\"") })
        }
        var value: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return value }
            if byte == UInt8(ascii: "\\"), index < bytes.count,
                bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "\\")
            {
                value.append(bytes[index])
                index += 1
            } else {
                value.append(byte)
            }
        }
        return nil
    }
}

extension UInt8 {
    /// Space or tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// A byte of a token (RFC 9110 section 5.6.2).
    var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }
}

extension BidirectionalCollection<UInt8> {
    /// Without spaces and tabs at both ends.
    var trimmingBlanks: SubSequence {
        let start = drop(while: \.isBlank)
        guard let last = start.indices.reversed().first(where: { !start[$0].isBlank }) else { return start.prefix(0) }
        return start[...last]
    }
}
