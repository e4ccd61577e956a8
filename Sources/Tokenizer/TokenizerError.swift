import JSON

/// Why a tokenizer.json cannot be used.
public enum TokenizerError: Error, Equatable, Sendable {
    /// The file cannot be read, is not JSON, lacks a key, or has a value of the wrong kind.
    case json(path: String, JSONError)
    /// The file asks for something that this tokenizer does not do.
    case unsupported(path: String, key: String, found: String, supported: String)
    /// Two pieces or added tokens contradict each other.
    case contradiction(path: String, String)
}

extension TokenizerError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .json(let path, let error):
            "\(path): \(error)"
        case .unsupported(let path, let key, let found, let supported):
            "\(path): \"\(key)\" is \(found); supported is \(supported)."
        case .contradiction(let path, let sentence):
            "\(path): \(sentence)."
        }
    }
}
