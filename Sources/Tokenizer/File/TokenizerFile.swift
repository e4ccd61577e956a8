import JSON

extension Tokenizer {
    /// Reads a tokenizer.json. Everything in it that would change ids is done as written or refused by name; padding
    /// is ignored, since lengths are known to the caller.
    public init(contentsOf path: String) throws(TokenizerError) {
        self = try Self.reading(path) {
            try Tokenizer(parsing: JSONValue(contentsOf: path, limits: .tokenizers), path: path)
        }
    }

    /// The result of `read`; errors of JSON in it are told with the file.
    static func reading<Result>(_ path: String, _ read: () throws -> Result) throws(TokenizerError) -> Result {
        do {
            return try read()
        } catch let error as JSONError {
            throw .json(path: path, error)
        } catch let error as TokenizerError {
            throw error
        } catch {
            // Nothing else is thrown that is known of; whatever it is, the file is what it is about.
            throw .contradiction(path: path, "\(error)")
        }
    }

    /// Reads the parsed content of a tokenizer.json; `path` names it in errors.
    init(parsing value: JSONValue, path: String) throws {
        let root = FileEntry(path: path, JSONCursor(value))
        let version = try root.member("version")
        if try version.cursor.string() != "1.0" { throw version.unsupported("\"1.0\"") }
        let normalizers = try root.optional("normalizer").map { try Normalizer.read($0) } ?? []
        let preTokenizers = try root.optional("pre_tokenizer").map { try PreTokenizer.read($0) } ?? []
        let model = try ReadModel(root.member("model"))
        let added = try root.optional("added_tokens")?.elements().map { try AddedToken($0) } ?? []
        try self.init(path: path, normalizers, preTokenizers, model, added)
        postProcessor =
            try root.optional("post_processor").map { try PostProcessor.read($0, vocabularySize: vocabularySize) }
            ?? .none
        decoders = try root.optional("decoder").map { try Decoder.read($0) }
        truncation = try root.optional("truncation").map { try Truncation($0) } ?? Truncation()
    }

    /// A tokenizer of these stages that puts nothing around texts and has no decoder yet.
    init(
        path: String, _ normalizers: [Normalizer], _ preTokenizers: [PreTokenizer], _ read: ReadModel,
        _ added: [AddedToken]
    ) throws {
        self.path = path
        self.normalizers = normalizers
        self.preTokenizers = preTokenizers
        usesBeginning = preTokenizers.contains {
            if case .metaspace(let metaspace) = $0 { metaspace.prepending == .first } else { false }
        }
        model = read.model
        postProcessor = .none
        truncation = Truncation()
        var vocabulary = read.vocabulary
        var patterns: (raw: [(bytes: [UInt8], token: AddedToken)], normalized: [(bytes: [UInt8], token: AddedToken)])
        patterns = ([], [])
        var seen: [Set<[UInt8]>] = [[], []]
        var addedIDs: [[UInt8]: Int32] = [:]
        for token in added {
            let bytes = Array(token.content.utf8)
            if bytes.isEmpty { continue }
            try token.enter(&vocabulary, model, path)
            addedIDs[bytes] = token.id
            let pattern = token.normalized ? normalizers.reduce(bytes) { $1.normalize($0[...]) } : bytes
            if pattern != bytes { vocabulary.spell(Int(token.id), String(decoding: pattern, as: UTF8.self)) }
            guard !pattern.isEmpty, seen[token.normalized ? 1 : 0].insert(pattern).inserted else {
                throw TokenizerError.contradiction(
                    path: path,
                    "the added token \"\(token.content)\" cannot be told from another, or is nothing once normalized")
            }
            if token.normalized {
                patterns.normalized.append((pattern, token))
            } else {
                patterns.raw.append((pattern, token))
            }
        }
        self.vocabulary = vocabulary
        self.addedIDs = addedIDs
        rawTokens = AddedTokenMatcher(patterns.raw)
        normalizedTokens = AddedTokenMatcher(patterns.normalized)
    }
}

extension AddedToken {
    init(_ entry: FileEntry) throws {
        self.init(
            id: Int32(try entry.integer("id", in: FileEntry.ids)), content: try entry.string("content"),
            singleWord: try entry.boolean("single_word"), stripsLeft: try entry.boolean("lstrip"),
            stripsRight: try entry.boolean("rstrip"), normalized: try entry.boolean("normalized"),
            special: try entry.boolean("special"))
    }

    /// Puts the token into `vocabulary`, in which nothing else may have its id, nor it another.
    fileprivate func enter(_ vocabulary: inout Vocabulary, _ model: TokenModel, _ path: String) throws {
        let inModel = model.id(of: Array(content.utf8))
        guard inModel == nil || inModel == id, vocabulary.insert(content, id: Int(id)) else {
            throw TokenizerError.contradiction(
                path: path,
                "the added token \"\(content)\" has the id \(id), but the vocabulary has "
                    + (inModel.map { "\($0) for it" } ?? "\"\(vocabulary.piece(of: Int(id)) ?? "")\" there"))
        }
        if special { vocabulary.markSpecial(Int(id)) }
    }
}

extension JSONLimits {
    /// Room for the largest tokenizer.json in use, which has half a million merges of two pieces each.
    static let tokenizers = JSONLimits(bytes: 64 << 20, values: 4_000_000)
}
