import JSON

extension WordPieceTokenizer {
    /// Reads a tokenizer.json. Everything in it that would change ids is done as written or refused by name; padding
    /// is ignored, since lengths are known to the caller.
    public init(contentsOf path: String) throws(TokenizerError) {
        do {
            try self.init(parsing: JSONValue(contentsOf: path), path: path)
        } catch let error as JSONError {
            throw .json(path: path, error)
        } catch let error as TokenizerError {
            throw error
        } catch {
            // Neither JSON nor this file throws anything else; typed throws cannot say so for two types.
            fatalError("the calls above throw the two types caught above only")
        }
    }

    /// Reads the parsed content of a tokenizer.json; `path` names it in errors.
    init(parsing value: JSONValue, path: String) throws {
        let file = TokenizerFile(path: path, root: JSONCursor(value))
        self.path = path
        try file.demand("version", equals: "1.0")
        let normalizer = try file.normalizer()
        try file.demandType("pre_tokenizer", "BertPreTokenizer")
        try file.demandType("model", "WordPiece")
        let description = try file.root.member("model")
        let prefix = try description.member("continuing_subword_prefix").string()
        let (pieces, vocabulary) = try file.vocabulary()
        let unknown = try description.member("unk_token").string()
        guard let unknownID = pieces.first(where: { $0.piece.utf8.elementsEqual(unknown.utf8) })?.id else {
            throw TokenizerError.contradiction(
                path: path, "the unknown token \"\(unknown)\" of \"model.unk_token\" is not in \"model.vocab\"")
        }
        model = WordPieceModel(
            pieces: pieces, unknown: unknownID, prefix: prefix,
            maxScalars: try description.member("max_input_chars_per_word").integer(in: 1...100_000))
        continuationPrefix = prefix
        self.normalizer = normalizer
        let added = try file.addedTokens(to: vocabulary, model: model, normalizer: normalizer)
        self.vocabulary = added.vocabulary
        addedTokens = added.tokens
        rawTokens = added.raw
        normalizedTokens = added.normalized
        (before, behind) = try file.template(vocabularySize: added.vocabulary.size)
        defaultMaxTokens = try file.truncation()
    }
}

/// The parts of a tokenizer.json.
private struct TokenizerFile {
    let path: String
    let root: JSONCursor

    func demand(_ key: String, equals expected: String) throws {
        let found = try root.member(key)
        if try found.string() != expected { throw unsupported(found, expected: "\"\(expected)\"") }
    }

    func demandType(_ key: String, _ expected: String) throws {
        let type = try root.member(key).member("type")
        if try type.string() != expected { throw unsupported(type, expected: expected) }
    }

    private func unsupported(_ found: JSONCursor, expected: String) -> TokenizerError {
        .unsupported(path: path, key: found.path, found: found.value.summary, supported: expected)
    }

    func normalizer() throws -> BertNormalizer {
        try demandType("normalizer", "BertNormalizer")
        let description = try root.member("normalizer")
        let lowercases = try description.member("lowercase").boolean()
        // null, and only null or absence, follows `lowercase`.
        let accents = try description.optionalMember("strip_accents").flatMap { $0.isNull ? nil : try $0.boolean() }
        return BertNormalizer(
            cleansText: try description.member("clean_text").boolean(),
            separatesIdeographs: try description.member("handle_chinese_chars").boolean(),
            stripsAccents: accents ?? lowercases, lowercases: lowercases)
    }

    func vocabulary() throws -> (pieces: [(piece: String, id: Int32)], Vocabulary) {
        let members = try root.member("model").member("vocab")
        var vocabulary = Vocabulary()
        var pieces: [(piece: String, id: Int32)] = []
        pieces.reserveCapacity(try members.object().count)
        for (piece, value) in try members.object() {
            guard case .integer(let id) = value, Self.idRange.contains(id) else {
                throw JSONCursor(value, path: "\(members.path).\(piece)").unexpected(
                    "a whole number below \(Self.idRange.count)")
            }
            guard vocabulary.insert(piece, id: id) else {
                throw TokenizerError.contradiction(
                    path: path, "\"\(piece)\" and \"\(vocabulary.piece(of: id) ?? "")\" both have the id \(id)")
            }
            pieces.append((piece, Int32(id)))
        }
        return (pieces, vocabulary)
    }

    func addedTokens(
        to vocabulary: Vocabulary, model: WordPieceModel, normalizer: BertNormalizer
    ) throws -> (vocabulary: Vocabulary, tokens: [AddedToken], raw: AddedTokenMatcher, normalized: AddedTokenMatcher) {
        var vocabulary = vocabulary
        var tokens: [AddedToken] = []
        var raw = AddedTokenMatcher()
        var normalized = AddedTokenMatcher()
        for description in try root.optionalMember("added_tokens")?.elements() ?? [] {
            let token = AddedToken(
                id: Int32(try description.member("id").integer(in: Self.idRange)),
                content: try description.member("content").string(),
                singleWord: try description.member("single_word").boolean(),
                stripsLeft: try description.member("lstrip").boolean(),
                stripsRight: try description.member("rstrip").boolean(),
                normalized: try description.member("normalized").boolean(),
                special: try description.member("special").boolean())
            let bytes = Array(token.content.utf8)
            if bytes.isEmpty { continue }
            let inVocabulary = model.id(of: bytes)
            guard inVocabulary == nil || inVocabulary == token.id, vocabulary.insert(token.content, id: Int(token.id))
            else {
                throw TokenizerError.contradiction(
                    path: path,
                    "the added token \"\(token.content)\" has the id \(token.id), but the vocabulary has "
                        + (inVocabulary.map { "\($0) for it" }
                            ?? "\"\(vocabulary.piece(of: Int(token.id)) ?? "")\" there"))
            }
            if token.special { vocabulary.markSpecial(Int(token.id)) }
            tokens.append(token)
            let pattern = token.normalized ? normalizer.normalize(bytes[...]) : bytes
            let isNew =
                !pattern.isEmpty
                && (token.normalized ? normalized.insert(pattern, token) : raw.insert(pattern, token))
            guard isNew else {
                throw TokenizerError.contradiction(
                    path: path,
                    "the added token \"\(token.content)\" cannot be told from another, or is nothing once normalized")
            }
        }
        return (vocabulary, tokens, raw, normalized)
    }

    /// The ids before and behind a single text, by the post-processor's template.
    func template(vocabularySize: Int) throws -> (before: [Int32], behind: [Int32]) {
        guard let processor = try root.optionalMember("post_processor"), !processor.isNull else { return ([], []) }
        try demandType("post_processor", "TemplateProcessing")
        let specials = try processor.member("special_tokens")
        var before: [Int32] = []
        var behind: [Int32] = []
        var hasText = false
        for piece in try processor.member("single").elements() {
            if let sequence = try piece.optionalMember("Sequence") {
                let name = try sequence.member("id")
                if try name.string() != "A" || hasText { throw unsupported(name, expected: "one \"A\"") }
                hasText = true
                continue
            }
            let name = try piece.member("SpecialToken").member("id").string()
            let ids = try specials.member(name).member("ids").integers(in: 0...max(0, vocabularySize - 1))
            if hasText { behind += ids.map(Int32.init) } else { before += ids.map(Int32.init) }
        }
        if !hasText { throw unsupported(try processor.member("single"), expected: "a template with the text \"A\"") }
        return (before, behind)
    }

    func truncation() throws -> Int? {
        guard let truncation = try root.optionalMember("truncation"), !truncation.isNull else { return nil }
        if let direction = try truncation.optionalMember("direction"), try direction.string() != "Right" {
            throw unsupported(direction, expected: "\"Right\"")
        }
        return try truncation.member("max_length").integer(in: 0...Int(Int32.max))
    }

    /// Four times the largest vocabulary in use; bounds what a damaged id can cost in memory.
    private static let idRange = 0...(1 << 20) - 1
}
