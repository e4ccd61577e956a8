import JSON

/// A value of a tokenizer.json, with the errors that name it and the file.
struct FileEntry {
    let path: String
    let cursor: JSONCursor

    init(path: String, _ cursor: JSONCursor) {
        self.path = path
        self.cursor = cursor
    }

    func member(_ key: String) throws -> FileEntry { FileEntry(path: path, try cursor.member(key)) }

    /// The member `key`, nil where it is absent or null.
    func optional(_ key: String) throws -> FileEntry? {
        try cursor.optionalMember(key).flatMap { $0.isNull ? nil : FileEntry(path: path, $0) }
    }

    func elements() throws -> [FileEntry] { try cursor.elements().map { FileEntry(path: path, $0) } }

    func string(_ key: String) throws -> String { try cursor.member(key).string() }

    func boolean(_ key: String) throws -> Bool { try cursor.member(key).boolean() }

    /// The member `key` where it is there and not null.
    func boolean(_ key: String, otherwise: Bool) throws -> Bool { try optional(key)?.cursor.boolean() ?? otherwise }

    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int {
        try cursor.member(key).integer(in: range)
    }

    /// The one character that the member `key` is.
    func scalar(_ key: String) throws -> UInt32 {
        let text = try string(key)
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw try member(key).cursor.unexpected("one character")
        }
        return scalar.value
    }

    /// The member `key` as one of the cases of an enumeration; `otherwise` where it is absent or null.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, otherwise: Choice? = nil) throws
        -> Choice
    {
        guard let entry = try optional(key) else {
            if let otherwise { return otherwise }
            throw JSONError.missing(key: key, path: cursor.path)
        }
        guard let choice = Choice(rawValue: try entry.cursor.string()) else {
            throw entry.unsupported(Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
        }
        return choice
    }

    /// The error that says that this value is none that is read.
    func unsupported(_ supported: String) -> TokenizerError {
        .unsupported(path: path, key: cursor.path, found: cursor.value.summary, supported: supported)
    }

    func contradiction(_ sentence: String) -> TokenizerError { .contradiction(path: path, sentence) }

    /// Four times the largest vocabulary in use; bounds what a damaged id can cost in memory.
    static let ids = 0...(1 << 20) - 1

    /// What a `pattern` of `Split` or `Replace` looks for.
    func searchTarget() throws -> SearchTarget {
        let pattern = try member("pattern")
        if let literal = try pattern.optional("String") {
            let bytes = Array(try literal.cursor.string().utf8)
            if bytes.isEmpty { throw literal.unsupported("a text that is not empty") }
            return .literal(bytes)
        }
        return .pattern(try pattern.member("Regex").compiled())
    }

    private func compiled() throws -> Pattern {
        do throws(PatternRefusal) {
            return try Pattern(try string())
        } catch {
            throw unsupported("a regular expression of other parts (here: \(error.reason))")
        }
    }

    private func string() throws(PatternRefusal) -> String {
        guard case .string(let text) = cursor.value else { throw PatternRefusal(reason: "it is no string") }
        return text
    }
}
