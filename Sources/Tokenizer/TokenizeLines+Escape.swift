import JSON

extension TokenizeLines {
    /// `line` with its escapes resolved. Everything that JSON wants escaped, apart from the backslash, may stand as it
    /// is: quotes and control characters are escaped here before JSON reads the line.
    static func unescaped(_ line: String) -> String? {
        if !line.utf8.contains(UInt8(ascii: "\\")) { return line }
        var json: [UInt8] = [UInt8(ascii: "\"")]
        var isEscape = false
        for byte in line.utf8 {
            if byte == UInt8(ascii: "\""), !isEscape { json.append(UInt8(ascii: "\\")) }
            if byte < 0x20 {
                json += byte < 0x10 ? "\\u000".utf8 : "\\u00".utf8
                json += String(byte, radix: 16).utf8
            } else {
                json.append(byte)
            }
            isEscape = byte == UInt8(ascii: "\\") && !isEscape
        }
        json.append(UInt8(ascii: "\""))
        guard case .string(let text)? = try? JSONValue(parsing: json) else { return nil }
        return text
    }

    /// `text` on one line, so that ``unescaped(_:)`` gives it back.
    static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x5C: output += "\\\\"
            case ..<0x20, 0x7F...0x9F, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }
}
