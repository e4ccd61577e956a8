/// A JSON value (RFC 8259) as it stood in the text: objects keep the order of their keys, whole numbers stay whole.
public enum JSONValue: Sendable, Equatable {
    /// `null`
    case null
    /// `true` or `false`
    case boolean(Bool)
    /// A number written without fraction and exponent that fits 64 bits with sign.
    case integer(Int)
    /// Any other number whose shortest text as a `Double` is the same number.
    case number(Double)
    /// A number that a `Double` would turn into another one.
    case decimal(JSONDecimal)
    /// A string, its escapes resolved.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object.
    case object(JSONObject)

    /// The value in a few words for an error message: kind and, where short, content.
    public var summary: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .decimal(let value):
            value.text.utf8.count <= 80 ? value.text : "a number of \(value.text.utf8.count) characters"
        case .string(let value):
            value.utf8.count <= 80 ? "\"\(value)\"" : "a string of \(value.utf8.count) bytes"
        case .array(let values): "an array of \(values.count)"
        case .object(let members): "an object with \(members.count) keys"
        }
    }
}
