extension JSONScanner {
    /// Reads a string; the position is at its opening quote.
    mutating func string() throws(JSONError) -> String {
        let start = position + 1
        position = start
        var resolved: [UInt8]?
        var literal = start
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let end = position
                position += 1
                if var text = resolved {
                    text.append(contentsOf: bytes[literal..<end])
                    return try checked(text[...], from: start)
                }
                return try checked(bytes[start..<end], from: start)
            }
            if byte < 0x20 {
                throw malformed("the control character 0x\(String(byte, radix: 16)) in a string must be escaped")
            }
            if byte == UInt8(ascii: "\\") {
                var text = resolved ?? []
                resolved = nil
                text.append(contentsOf: bytes[literal..<position])
                try escape(into: &text)
                resolved = text
                literal = position
            } else {
                position += 1
            }
        }
        throw malformed("the text ends within a string")
    }

    private func checked(_ text: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let string = String(validating: text, as: UTF8.self) else {
            throw .malformed(offset: start, reason: "a string is not valid UTF-8")
        }
        return string
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard position + 1 < bytes.count else {
            position = bytes.count
            throw malformed("the text ends within an escape")
        }
        let letter = bytes[position + 1]
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(into: &text)
        default: throw malformed("no escape of JSON starts with a backslash and this letter")
        }
        position += 2
    }

    private mutating func unicodeEscape(into text: inout [UInt8]) throws(JSONError) {
        var code = try codeUnit()
        if code & 0xFC00 == 0xD800, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let start = position
            let second = try codeUnit()
            guard second & 0xFC00 == 0xDC00 else {
                throw .malformed(offset: start - 6, reason: "a lone surrogate, which is no character")
            }
            code = 0x10000 + (code & 0x3FF) << 10 + (second & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw .malformed(offset: position - 6, reason: "a lone surrogate, which is no character")
        }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// The number behind `\u`; the position is at the backslash.
    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for offset in position + 2..<position + 6 {
            guard offset < bytes.count, let digit = Self.hexadecimal(bytes[offset]) else {
                throw malformed("four hexadecimal digits must follow \\u")
            }
            code = code << 4 | digit
        }
        position += 6
        return code
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
