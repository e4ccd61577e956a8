/// Writes JSON text in the order it is told, without blanks: the same calls give the same bytes.
///
///     var json = JSONWriter()
///     try json.object { json throws(JSONError) in
///         json.field("caption", "a dog runs")
///         try json.field("log_probability", -1.25)
///     }
///
/// Numbers that are not whole are rounded to six digits behind the point and never written with an exponent. The
/// caller keeps braces balanced by `object` and `array`, and keys distinct.
public struct JSONWriter: Sendable {
    /// The text so far, as UTF-8.
    public internal(set) var bytes: [UInt8] = []
    /// Whether the next value of the current array or object needs a comma before it.
    private var needsComma = false
    /// Keys on the way to the place of writing, to name a number that cannot be written.
    private var path: [String] = []

    /// An empty text; `capacity` bytes are set aside.
    public init(capacity: Int = 512) {
        bytes.reserveCapacity(capacity)
    }

    /// The text so far.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes an object as the next value; `body` writes its fields.
    public mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        begin(UInt8(ascii: "{"))
        try body(&self)
        end(UInt8(ascii: "}"))
    }

    /// Writes an array as the next value; `body` writes its elements.
    public mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        begin(UInt8(ascii: "["))
        try body(&self)
        end(UInt8(ascii: "]"))
    }

    /// Writes a field of an object: the key, then what `body` writes, which must be one value.
    public mutating func field<Failure: Error>(
        _ key: String, _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        path.append(key)
        try body(&self)
        path.removeLast()
    }

    /// Writes a string.
    public mutating func value(_ value: String) {
        separate()
        quote(value)
    }

    /// Writes a whole number.
    public mutating func value(_ value: Int) {
        separate()
        appendDecimal(value.magnitude, negative: value < 0)
    }

    /// Writes a number as it is written.
    public mutating func value(_ value: JSONDecimal) {
        separate()
        bytes.append(contentsOf: value.text.utf8)
    }

    /// Writes `true` or `false`.
    public mutating func value(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes a number, rounded to six digits behind the point. NaN and infinities are an error.
    public mutating func value(_ value: Double) throws(JSONError) {
        guard value.isFinite else { throw .notFinite(path: path.joined(separator: "."), value: "\(value)") }
        separate()
        appendRounded(value)
    }

    /// Writes an array of numbers, each as `value(_: Double)` does; an error names the position.
    public mutating func value(_ values: some Sequence<Float>) throws(JSONError) {
        begin(UInt8(ascii: "["))
        var position = 0
        for value in values {
            guard value.isFinite else {
                throw .notFinite(path: "\(path.joined(separator: "."))[\(position)]", value: "\(value)")
            }
            separate()
            appendRounded(Double(value))
            position += 1
        }
        end(UInt8(ascii: "]"))
    }

    /// Writes an array of strings.
    public mutating func value(_ values: some Sequence<String>) {
        array { json in
            for value in values { json.value(value) }
        }
    }

    /// Writes any value.
    public mutating func value(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: null()
        case .boolean(let value): self.value(value)
        case .integer(let value): self.value(value)
        case .number(let value): try self.value(value)
        case .decimal(let value): self.value(value)
        case .string(let value): self.value(value)
        case .array(let values):
            try array { json throws(JSONError) in
                for value in values { try json.value(value) }
            }
        case .object(let members):
            try object { json throws(JSONError) in
                for (key, value) in members { try json.field(key, value) }
            }
        }
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    /// A comma where the next value needs one.
    mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: byte < 0x10 ? "\\u000".utf8 : "\\u00".utf8)
                bytes.append(contentsOf: String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
