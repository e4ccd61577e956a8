extension JSONValue {
    /// Reads one JSON text (RFC 8259), all of it, in one pass over the bytes.
    ///
    /// Stricter than the RFC where it leaves room: a key twice in one object, a lone surrogate in an escape and a
    /// number beyond the range of `Double`, above or below, are refused, as is invalid UTF-8. A byte order mark before the
    /// text is skipped (section 8.1).
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        if bytes.count > limits.bytes {
            throw .tooLarge(bytes: bytes.count, limit: limits.bytes)
        }
        var scanner = JSONScanner(bytes: bytes, limits: limits)
        self = try scanner.document()
    }

    /// Reads one JSON text; see ``init(parsing:limits:)-([UInt8],_)``.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// A recursive-descent reader. Linear in the length of the text: no byte is looked at more than a few times.
struct JSONScanner {
    let bytes: [UInt8]
    let limits: JSONLimits
    var position = 0
    private var depth = 0
    private var valueCount = 0

    init(bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSONValue {
        try skipByteOrderMark()
        skipBlanks()
        let value = try value()
        skipBlanks()
        if position < bytes.count {
            throw malformed("the text goes on with \(found) after its value")
        }
        return value
    }

    private mutating func skipByteOrderMark() throws(JSONError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        // What PowerShell and Notepad call Unicode.
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw malformed("the byte order mark of UTF-16, where JSON is UTF-8; save the text as UTF-8")
        }
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        valueCount += 1
        if valueCount > limits.values {
            throw .tooManyValues(limit: limits.values, offset: position)
        }
        guard position < bytes.count else { throw malformed("the text ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try nested { scanner throws(JSONError) in try scanner.object() }
        case UInt8(ascii: "["): return try nested { scanner throws(JSONError) in try scanner.array() }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw malformed("\(found) where a value is expected")
        }
    }

    private mutating func nested(
        _ read: (inout JSONScanner) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        if depth == limits.depth {
            throw .tooDeep(limit: limits.depth, offset: position)
        }
        depth += 1
        position += 1
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        var object = JSONObject()
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(object) }
        while true {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw malformed("\(found) where a key in double quotes is expected")
            }
            let start = position
            let key = try string()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw malformed("\(found) where a colon is expected") }
            skipBlanks()
            let value = try value()
            guard object.append(key, value) else { throw .duplicateKey(key, offset: start) }
            skipBlanks()
            if take(UInt8(ascii: ",")) {
                skipBlanks()
            } else if take(UInt8(ascii: "}")) {
                return .object(object)
            } else {
                throw malformed("\(found) where a comma or a closing brace is expected")
            }
        }
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        var values: [JSONValue] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value())
            skipBlanks()
            if take(UInt8(ascii: ",")) {
                skipBlanks()
            } else if take(UInt8(ascii: "]")) {
                return .array(values)
            } else {
                throw malformed("\(found) where a comma or a closing bracket is expected")
            }
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let text = word.description.utf8
        guard bytes[position...].starts(with: text) else { throw malformed("not the word \(word)") }
        position += text.count
        return value
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    func malformed(_ reason: String) -> JSONError {
        .malformed(offset: position, reason: reason)
    }

    /// What stands at the position, for a message.
    var found: String {
        guard position < bytes.count else { return "the end of the text" }
        let byte = bytes[position]
        return (0x21...0x7E).contains(byte)
            ? "the character \(Unicode.Scalar(byte))" : "the byte 0x" + String(byte, radix: 16)
    }
}
