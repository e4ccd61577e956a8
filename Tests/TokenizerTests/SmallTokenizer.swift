import JSON

@testable import Tokenizer

/// The tokenizer of added.json with changes.
enum SmallTokenizer {
    static func description() throws -> JSONObject {
        try JSONCursor(JSONValue(parsing: RealTokenizer.fixture("added.json"))).member("tokenizer").object()
    }

    static func make(
        _ changes: [String: JSONValue?] = [:], normalizer: [String: JSONValue?] = [:], model: [String: JSONValue?] = [:]
    ) throws -> Tokenizer {
        let base = try description()
        var changes = changes
        for (key, inner) in [("normalizer", normalizer), ("model", model)] where !inner.isEmpty {
            if case .object(let object)? = base[key] { changes[key] = .object(object.replacing(inner)) }
        }
        return try Tokenizer(parsing: .object(base.replacing(changes)), path: "t")
    }

    static func vocabulary(_ pieces: [(String, Int)], _ last: (String, JSONValue)? = nil) -> JSONValue {
        var object = JSONObject()
        for (piece, id) in pieces { _ = object.append(piece, .integer(id)) }
        if let last { _ = object.append(last.0, last.1) }
        return .object(object)
    }

    /// A token that is looked for in normalized text.
    static func addedToken(_ content: String, id: Int) -> JSONValue {
        var object = JSONObject()
        _ = object.append("id", .integer(id))
        _ = object.append("content", .string(content))
        for flag in ["single_word", "lstrip", "rstrip", "special"] { _ = object.append(flag, .boolean(false)) }
        _ = object.append("normalized", .boolean(true))
        return .object(object)
    }
}
