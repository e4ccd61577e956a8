import JSON

/// The members of an object of a dialect, each read by its name. What was not read at the end is refused by it.
///
///     var members = DialectMembers(body)
///     members.ignore("user")
///     try members.refuse("tools", "tools are not called here", unless: .array([]))
///     let messages = members.take("messages")
///     try members.end()
struct DialectMembers {
    private let object: JSONObject
    /// How the object is called in messages; nil for the body itself.
    private let name: String?
    private var known: [String] = []

    init(_ object: JSONObject, of name: String? = nil) {
        self.object = object
        self.name = name
    }

    /// The value of a member; nil where it is missing or null.
    mutating func take(_ key: String) -> JSONValue? {
        known.append(key)
        return object[key].flatMap { $0 == .null ? nil : $0 }
    }

    /// The value of a member that is a text.
    mutating func text(_ key: String) throws(Problem) -> String? {
        guard let value = take(key) else { return nil }
        guard let text = value.text else { throw wrong(key, value, "a text") }
        return text
    }

    /// The value of a member that is an array.
    mutating func array(_ key: String) throws(Problem) -> [JSONValue]? {
        guard let value = take(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong(key, value, "an array") }
        return elements
    }

    /// The members of a member that is an object.
    mutating func members(_ key: String) throws(Problem) -> DialectMembers? {
        guard let value = take(key) else { return nil }
        guard case .object(let object) = value else { throw wrong(key, value, "an object") }
        return DialectMembers(object, of: place(key))
    }

    private func wrong(_ key: String, _ value: JSONValue, _ kind: String) -> Problem {
        Self.refusal(key, "\"\(place(key))\" is \(value.summary); it takes \(kind).")
    }

    /// Members that say nothing that matters here.
    mutating func ignore(_ keys: String...) { known += keys }

    /// Refuses a member by its name, unless it has a value that asks for nothing.
    mutating func refuse(_ key: String, _ why: String, unless harmless: JSONValue...) throws(Problem) {
        guard let value = take(key), !harmless.contains(where: value.isSame) else { return }
        throw Self.refusal(key, "The member \"\(place(key))\" is not taken: \(why).")
    }

    /// Takes a member for an option, whose rule says what it may be.
    mutating func option(_ key: String, _ rule: OptionRule, into inputs: inout RequestInputs) throws(Problem) {
        if let value = take(key) { try inputs.add(rule, .json(value)) }
    }

    /// Takes those members that are options of the same name.
    mutating func options(_ rules: [OptionRule], into inputs: inout RequestInputs) throws(Problem) {
        for rule in rules { try option(rule.name, rule, into: &inputs) }
    }

    /// Refuses what was not read.
    func end() throws(Problem) {
        guard let other = object.keys.first(where: { !known.contains($0) }) else { return }
        let shown = other.utf8.count <= 64 ? "\"\(place(other))\"" : "a name of \(other.utf8.count) bytes"
        let advice = nearestName(to: other, among: known).map { "did you mean \"\($0)\"?" } ?? "leave it out."
        throw Self.refusal(
            String(other.prefix(64)), "The request has a member \(shown), which is not known here; \(advice)")
    }

    private func place(_ key: String) -> String { name.map { "\($0).\(key)" } ?? key }

    /// A refusal that names a member.
    static func refusal(_ key: String, _ detail: String) -> Problem {
        Problem(.invalidOption, detail, members: ["option": .string(key)])
    }
}

/// A file in a body of a dialect: base64, bare or as a `data:` URL.
enum DialectFile {
    /// Its bytes.
    /// - Parameter name: where it stands, for messages.
    static func bytes(
        _ value: JSONValue?, _ name: String, _ kind: PartKind, _ limits: BodyLimits
    ) throws(Problem) -> [UInt8] {
        guard case .string(let text)? = value else {
            throw refusal(name, kind, "is \(value?.summary ?? "missing"); it takes a data: URL or base64")
        }
        var base64 = Substring(text)
        let head = text.prefix(256).lowercased()
        if head.hasPrefix("data:") {
            guard let comma = text.prefix(256).firstIndex(of: ","), text[..<comma].lowercased().hasSuffix(";base64")
            else {
                throw refusal(
                    name, kind, "is a data: URL without \";base64,\"; write data:image/jpeg;base64,<base64>")
            }
            base64 = text[text.index(after: comma)...]
        } else if head.prefix(12).contains(":") {
            throw refusal(
                name, kind,
                "is a URL, and the server fetches nothing; send the file itself, as data:image/jpeg;base64,…")
        }
        guard base64.utf8.count / 4 * 3 <= limits.part + 3 else {
            throw .tooLarge("part", name, limit: limits.part, flag: "--max-part")
        }
        guard let bytes = Base64.decode(base64.utf8), !bytes.isEmpty else {
            throw refusal(name, kind, "is not valid base64; encode the bytes of the file with the standard alphabet")
        }
        return bytes
    }

    private static func refusal(_ name: String, _ kind: PartKind, _ what: String) -> Problem {
        Problem(kind.undecodable, "\"\(name)\" \(what).", members: ["part": .string(name)])
    }
}

extension JSONValue {
    /// Whether both are the same, numbers as numbers.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        self == other || real.map { $0 == other.real } ?? false
    }

    /// The member of an object along a path of keys.
    func member(_ path: String...) -> JSONValue? {
        var value = self
        for key in path {
            guard case .object(let members) = value, let next = members[key] else { return nil }
            value = next
        }
        return value
    }

    /// The text of a string.
    var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The number of whole ones.
    var whole: Int? { if case .integer(let number) = self { number } else { nil } }

    /// Any number.
    var real: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        case .decimal(let number): number.nearest
        case .null, .boolean, .string, .array, .object: nil
        }
    }

    /// The elements of an array; none of anything else.
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// The document that a route of our own answered.
    init(answer: [UInt8]) throws(Problem) {
        do throws(JSONError) {
            self = try JSONValue(parsing: answer)
        } catch {
            throw .internalError
        }
    }
}
