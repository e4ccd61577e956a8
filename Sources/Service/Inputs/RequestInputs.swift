import HTTP
import JSON

/// The parts and options of one request, however they came. Adding checks the name and refuses what came twice.
struct RequestInputs: Sendable {
    /// What the route takes.
    let rules: InputRules
    private let files = UploadedFiles()
    private var texts: [String: String] = [:]
    private var values: [String: JSONValue] = [:]
    private var options: [String: OptionValue] = [:]
    /// The names under which the parts `candidate` or `label` are kept, in the order in which they came.
    private(set) var candidates: [String] = []
    /// The elements of a list, each as if it had been sent alone: of requests that ask several things at once.
    private(set) var elements: [RequestInputs] = []

    /// Begins with the options of the query string.
    init(_ rules: InputRules, query: String?) throws(Problem) {
        self.rules = rules
        for pair in try QueryString(query).pairs {
            guard case .option(let rule)? = rules.meaning(of: pair.name) else {
                throw Self.refusal(ofQuery: pair.name, rules)
            }
            try add(rule, .text(pair.value))
        }
    }

    private static func refusal(ofQuery name: String, _ rules: InputRules) -> Problem {
        guard rules.meaning(of: name) != nil else { return rules.refusal(ofUnknown: name) }
        return Problem(
            .invalidOption, "\"\(name)\" is a part and belongs into the body, not into the query string.",
            members: ["option": .string(name)])
    }

    /// Adds an option after checking its value.
    mutating func add(_ rule: OptionRule, _ value: OptionValue) throws(Problem) {
        guard options[rule.name] == nil else {
            throw Problem(
                .invalidOption, "The option \"\(rule.name)\" is given twice; give it once.",
                members: ["option": .string(rule.name)])
        }
        guard rule.accepts(value) else { throw rule.refusal(of: value) }
        options[rule.name] = value
    }

    /// Adds the bytes of a file.
    mutating func add(file name: String, _ bytes: [UInt8]) throws(Problem) {
        try refuseSecond(name)
        guard !bytes.isEmpty else {
            throw Problem(
                .missingPart, "The part \"\(name)\" is empty; send the bytes of a file in it.",
                members: ["part": .string(name)])
        }
        files.add(name, bytes)
    }

    /// Adds a text given as bytes in a charset; a byte order mark is dropped.
    mutating func add(text name: String, _ bytes: [UInt8], _ charset: Charset, maxBytes: Int) throws(Problem) {
        guard let text = charset.text(bytes) else {
            throw Problem(
                .invalidText, "The text \"\(name)\" is not valid UTF-8; encode it as UTF-8.",
                members: ["part": .string(name)])
        }
        try add(text: name, text, maxBytes: maxBytes)
    }

    /// Adds a text.
    mutating func add(text name: String, _ text: String, maxBytes: Int) throws(Problem) {
        try refuseSecond(name)
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        guard text.utf8.count <= maxBytes else { throw .tooLarge("text", name, limit: maxBytes, flag: "--max-text") }
        guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw Problem(
                .invalidText, "The text \"\(name)\" is empty; send at least one word.",
                members: ["part": .string(name)])
        }
        texts[name] = text
    }

    /// Adds a part that is JSON.
    mutating func add(value name: String, _ value: JSONValue) throws(Problem) {
        try refuseSecond(name)
        values[name] = value
    }

    /// The name under which the next candidate or label is kept.
    mutating func nameCandidate(_ part: String) -> String {
        candidates.append("\(part)[\(candidates.count)]")
        return candidates[candidates.count - 1]
    }

    /// Forgets options, as if they had not been given.
    mutating func drop(_ rules: [OptionRule]) {
        for rule in rules { options[rule.name] = nil }
    }

    /// Adds an element of a list.
    mutating func add(element: RequestInputs) { elements.append(element) }

    /// Gives a file another name.
    func moveFile(_ name: String, to part: String) { files.move(name, to: part) }

    /// Refuses a second part of the same name.
    func refuseSecond(_ name: String) throws(Problem) {
        guard !has(part: name) else {
            throw Problem(
                .unexpectedPart, "The part \"\(name)\" is given twice; give it once.",
                members: ["part": .string(name)])
        }
    }

    /// The value of an option, the standard one where it was not given.
    subscript<Value>(option: InputOption<Value>) -> Value {
        options[option.rule.name].flatMap(option.read) ?? option.standard
    }

    /// Whether an option was given.
    func has(_ option: InputOption<some Any>) -> Bool { options[option.rule.name] != nil }

    /// Whether an option of that rule was given.
    func has(_ rule: OptionRule) -> Bool { options[rule.name] != nil }

    /// Whether a file part was given and not dropped.
    func hasFile(_ name: String) -> Bool { files.has(name) }

    /// Whether a part was given, be it a file, a text or JSON.
    func has(part name: String) -> Bool { hasFile(name) || text(name) != nil || values[name] != nil }

    /// What came, in short: requests of the same outline are about as much work.
    var outline: String {
        let given = rules.parts.map(\.name).filter { has(part: $0) }
        return (given + (candidates.isEmpty ? [] : ["\(candidates.count) more"])).joined(separator: " ")
    }

    /// The bytes of a file part, which stays.
    func peek(_ name: String) -> [UInt8]? { files.peek(name) }

    /// Forgets the bytes of a file part, so that their memory is free.
    func dropFile(_ name: String) { files.drop(name) }

    /// Keeps memory set aside until the files are released, or nothing refers to the inputs any more.
    func hold(_ reservation: MemoryReservation) { files.hold(reservation) }

    /// Lets the files be taken back until `settleFiles`; see ``UploadedFiles/offer(_:)``.
    func offerFiles(_ areTakenBack: @escaping @Sendable () -> Void) { files.offer(areTakenBack) }

    /// The files are used from now on; false where they were taken back.
    func settleFiles() -> Bool { files.settle() }

    /// The bytes of the files are not needed any more.
    func releaseFiles() { files.release() }

    /// The text of a text part, if given.
    func text(_ name: String) -> String? { texts[name] }

    /// The value of a part that is JSON, if given.
    func value(_ name: String) -> JSONValue? { values[name] }

    /// The members of a part that is a JSON object, if given.
    func object(_ name: String) throws(Problem) -> JSONObject? {
        guard let value = value(name) else { return nil }
        guard case .object(let members) = value else {
            throw Problem(
                .invalidOption, "\"\(name)\" is \(value.summary); it takes a JSON object such as {\"year\": 2026}.",
                members: ["part": .string(name)])
        }
        return members
    }
}

extension Problem {
    /// A part or body passed its limit: says which, how large it may be, and which flag raises it.
    static func tooLarge(_ kind: String, _ name: String, limit: Int, flag: String?) -> Problem {
        Problem(
            .bodyTooLarge,
            "The \(kind) \"\(name)\" is larger than the \(limit) bytes that are taken\(flag.map { " (\($0))" } ?? "").",
            members: ["part": .string(name), "limit": .integer(limit)])
    }

    /// A part that must be there is not.
    static func missing(_ part: String, _ advice: String) -> Problem {
        Problem(.missingPart, "The part \"\(part)\" is missing; \(advice).", members: ["part": .string(part)])
    }
}
