/// What is wrong with a JSON text, a value in it, or a value to be written.
///
/// Offsets count bytes from zero. Paths name keys and positions as in `towers.image.tokens` or `labels[3]`.
public enum JSONError: Error, Equatable, Sendable {
    /// The text breaks RFC 8259 at `offset`; `reason` says what was met and what was expected.
    case malformed(offset: Int, reason: String)
    /// An object has the same key twice; RFC 8259 section 4 leaves the meaning of that open, so it is refused.
    case duplicateKey(String, offset: Int)
    /// Arrays and objects are nested deeper than `limit`.
    case tooDeep(limit: Int, offset: Int)
    /// The text has more bytes than `limit`.
    case tooLarge(bytes: Int, limit: Int)
    /// The text has more values than `limit`.
    case tooManyValues(limit: Int, offset: Int)
    /// The object at `path` lacks `key`.
    case missing(key: String, path: String)
    /// The value at `path` is not of the kind that was asked for.
    case unexpected(path: String, expected: String, found: String)
    /// The file of the text cannot be read; `reason` is what the system said.
    case unreadable(reason: String)
    /// JSON has no way to write a number that is NaN or infinite.
    case notFinite(path: String, value: String)
}

extension JSONError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .malformed(let offset, let reason):
            "Not valid JSON at byte \(offset): \(reason)."
        case .duplicateKey(let key, let offset):
            "Not acceptable JSON at byte \(offset): the key \"\(key)\" appears twice in one object."
        case .tooDeep(let limit, let offset):
            "Not acceptable JSON at byte \(offset): nested deeper than \(limit) levels."
        case .tooLarge(let bytes, let limit):
            "The JSON text has \(bytes) bytes; at most \(limit) are read."
        case .tooManyValues(let limit, let offset):
            "Not acceptable JSON at byte \(offset): more than \(limit) values."
        case .missing(let key, let path):
            path.isEmpty ? "The key \"\(key)\" is missing." : "The key \"\(key)\" is missing in \"\(path)\"."
        case .unexpected(let path, let expected, let found):
            "\(path.isEmpty ? "The JSON value" : "\"\(path)\"") must be \(expected), but is \(found)."
        case .unreadable(let reason):
            "The file cannot be read: \(reason)."
        case .notFinite(let path, let value):
            "\(path.isEmpty ? "A number" : "\"\(path)\"") is \(value), which JSON cannot express."
        }
    }
}
