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
}
