/// What a route takes: its parts and its options.
struct InputRules: Sendable {
    /// A part that a route takes.
    struct Part: Sendable, Equatable {
        let name: String
        let kind: PartKind
    }

    let parts: [Part]
    let options: [OptionRule]
    /// What takes them, for messages.
    var subject = "this path"
    /// Parts that the path knows, of which the subject takes some: of the others nothing may be sent, but that they are left out.
    var partsOfPath: [Part] = []

    /// Every part that some path takes: sent to one that does not, it is called a part and not an option.
    private static let partNames = [
        "image", "audio", "text", "question", "features", "embedding", "metadata", "filter", "candidate",
        "label", "text_pair", "query", "document", "documents", "messages",
    ]

    /// Every name that may stand in a form or a JSON body.
    var names: [String] { parts.map(\.name) + options.map(\.name) }

    /// The names of the parts that were given.
    func given(_ inputs: RequestInputs) -> [String] { parts.map(\.name).filter { inputs.has(part: $0) } }

    /// What `name` stands for; nil where the route knows no such name.
    func meaning(of name: String) -> Meaning? {
        if let part = parts.first(where: { $0.name == name }) { return .part(part.kind) }
        return options.first { $0.name == name }.map { .option($0) }
    }

    /// Whether a part of that name may be said to be left out: by null in JSON, by a file input of a form without a file.
    func mayLackPart(_ name: String) -> Bool {
        partsOfPath.contains { $0.name == name || $0.kind == .features && name.hasPrefix("features.") }
    }

    /// A name's meaning.
    enum Meaning: Sendable {
        case part(PartKind)
        case option(OptionRule)
    }

    /// The refusal of a name that the route does not know: the nearest known one is named, or all of them.
    func refusal(ofUnknown name: String, isFile: Bool = false) -> Problem {
        let isPart = isFile || Self.partNames.contains(name) || name.hasPrefix("features.")
        let shown = name.utf8.count <= 64 ? "\"\(name)\"" : "a name of \(name.utf8.count) bytes"
        let known = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let advice = nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" } ?? "known here are \(known)."
        return Problem(
            isPart ? .unexpectedPart : .invalidOption,
            "The request has \(isPart ? "a part" : "an option") \(shown), which \(subject) does not know; \(advice)",
            members: [isPart ? "part" : "option": .string(String(name.prefix(64)))])
    }
}

/// What a part holds.
enum PartKind: String, Sendable {
    /// The bytes of an image file.
    case image
    /// The bytes of a sound file.
    case audio
    /// The bytes of a NumPy file.
    case features
    /// Text in UTF-8.
    case text
    /// A JSON object, of which a form sends the text.
    case object
    /// A vector that the client computed: a JSON array of numbers, or base64.
    case vector
    /// One of several parts of the same name, each a file, a text or a vector.
    case candidate
    /// One of several texts of the same name.
    case label
    /// One of several pictures of the same name.
    case shown
    /// What was said in a conversation: a JSON array, in which a JSON body may have pictures.
    case messages

    /// Whether it is the bytes of a file.
    var isFile: Bool { [.image, .audio, .features, .shown].contains(self) }

    /// The code of the problem where what was sent in its place is no file at all.
    var undecodable: ProblemCode {
        switch self {
        case .image: .undecodableImage
        case .audio: .undecodableAudio
        case .features: .invalidFeatures
        case .text: .invalidText
        case .object: .invalidOption
        case .vector: .invalidFeatures
        case .candidate: .unexpectedPart
        case .label, .messages: .invalidText
        case .shown: .undecodableImage
        }
    }
}
