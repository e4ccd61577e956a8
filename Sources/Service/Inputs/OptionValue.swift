import JSON

/// The value of an option as the client wrote it.
enum OptionValue: Sendable, Equatable {
    /// From a form field or the query string, where everything is text.
    case text(String)
    /// From a JSON body, where numbers and truth values have their own types.
    case json(JSONValue)

    /// A whole number, exactly as it is written. To JSON Schema 3.0 and 3e0 are ones, and so they are in forms and queries.
    var integer: Int? {
        switch self {
        case .text(let text): Self.isDecimal(text) ? JSONDecimal(text)?.integer : nil
        case .json(.integer(let value)): value
        case .json(.number(let value)): JSONDecimal(value.description)?.integer
        case .json(.decimal(let value)): value.integer
        case .json: nil
        }
    }

    var number: Double? {
        switch self {
        case .text(let text): Self.isDecimal(text) ? Double(text).flatMap { $0.isFinite ? $0 : nil } : nil
        case .json(.integer(let value)): Double(value)
        case .json(.number(let value)): value
        case .json(.decimal(let value)): value.nearest
        case .json: nil
        }
    }

    var boolean: Bool? {
        switch self {
        case .text("true"), .text("1"): true
        case .text("false"), .text("0"): false
        case .json(.boolean(let value)): value
        case .text, .json: nil
        }
    }

    var string: String? {
        switch self {
        case .text(let text): text
        case .json(.string(let text)): text
        case .json: nil
        }
    }

    /// The value in a few words, for a message.
    var summary: String {
        switch self {
        case .text(let text): JSONValue.string(text).summary
        case .json(let value): value.summary
        }
    }

    /// Digits with a sign, point and exponent at most: no `inf`, `nan`, `0x1p3` and no `+5`, which Swift would read.
    private static func isDecimal(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), text.utf8.count <= 64 else { return false }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || ".-+eE".utf8.contains(byte)
        }
    }
}
