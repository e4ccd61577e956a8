/// What a route takes: its parts and its options.
struct InputRules: Sendable {
    /// A part that a route takes.
    struct Part: Sendable, Equatable {
        let name: String
        let kind: PartKind
    }

    let parts: [Part]
    let options: [OptionRule]

    /// Every name that may stand in a form or a JSON body.
    var names: [String] { parts.map(\.name) + options.map(\.name) }

    /// What `name` stands for; nil where the route knows no such name.
    func meaning(of name: String) -> Meaning? {
        if let part = parts.first(where: { $0.name == name }) { return .part(part.kind) }
        return options.first { $0.name == name }.map { .option($0) }
    }

    /// A name's meaning.
    enum Meaning: Sendable {
        case part(PartKind)
        case option(OptionRule)
    }

    /// The refusal of a name that the route does not know: the nearest known one is named, or all of them.
    func refusal(ofUnknown name: String, isFile: Bool = false) -> Problem {
        let shown = name.utf8.count <= 64 ? "\"\(name)\"" : "a name of \(name.utf8.count) bytes"
        let known = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let advice = nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" } ?? "known here are \(known)."
        return Problem(
            isFile ? .unexpectedPart : .invalidOption,
            "The request has \(isFile ? "a part" : "an option") \(shown), which this path does not know; \(advice)",
            members: [isFile ? "part" : "option": .string(String(name.prefix(64)))])
    }
}

/// What a part holds.
enum PartKind: String, Sendable {
    /// The bytes of an image file.
    case image
    /// Text in UTF-8.
    case text
}
