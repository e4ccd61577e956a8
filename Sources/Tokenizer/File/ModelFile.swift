import JSON

/// A model and the pieces that it has.
struct ReadModel {
    let model: TokenModel
    var vocabulary: Vocabulary

    init(model: TokenModel, vocabulary: Vocabulary) {
        self.model = model
        self.vocabulary = vocabulary
    }

    init(_ entry: FileEntry) throws {
        switch try Self.type(entry) {
        case "WordPiece": (model, vocabulary) = try Self.wordPiece(entry)
        case "BPE": (model, vocabulary) = try Self.bytePair(entry)
        case "Unigram": (model, vocabulary) = try Self.unigram(entry)
        case "WordLevel":
            let (pieces, vocabulary) = try Self.vocabulary(entry)
            let table = Self.table(pieces)
            let unknown = Array(try entry.string("unk_token").utf8)
            (model, self.vocabulary) = (
                .wordLevel(table, unknown: table.id(of: unknown, 0..<unknown.count)), vocabulary
            )
        default: throw try entry.member("type").unsupported("WordPiece, BPE, Unigram, WordLevel")
        }
    }

    /// The type of a model; files of 2020 leave it out.
    private static func type(_ entry: FileEntry) throws -> String {
        if let type = try entry.cursor.optionalMember("type") { return try type.string() }
        if try entry.optional("merges") != nil { return "BPE" }
        if try entry.optional("max_input_chars_per_word") != nil { return "WordPiece" }
        if case .array? = try entry.optional("vocab")?.cursor.value { return "Unigram" }
        throw JSONError.missing(key: "type", path: entry.cursor.path)
    }

    typealias Piece = (piece: String, id: Int32)

    /// Pieces that are written with their ids, under `vocab`.
    private static func vocabulary(_ entry: FileEntry) throws -> (pieces: [Piece], Vocabulary) {
        try vocabulary(in: entry.member("vocab"))
    }

    /// The members of `members`: pieces with their ids.
    static func vocabulary(in members: FileEntry) throws -> (pieces: [Piece], Vocabulary) {
        var vocabulary = Vocabulary()
        var pieces: [Piece] = []
        pieces.reserveCapacity(try members.cursor.object().count)
        for (piece, value) in try members.cursor.object() {
            guard case .integer(let id) = value, FileEntry.ids.contains(id) else {
                throw JSONCursor(value, path: "\(members.cursor.path).\(piece)").unexpected(
                    "a whole number below \(FileEntry.ids.count)")
            }
            guard vocabulary.insert(piece, id: id) else {
                throw members.contradiction(
                    "\"\(piece)\" and \"\(vocabulary.piece(of: id) ?? "")\" both have the id \(id)")
            }
            pieces.append((piece, Int32(id)))
        }
        return (pieces, vocabulary)
    }

    static func table(_ pieces: [Piece]) -> PieceTable {
        var table = PieceTable(capacity: pieces.count)
        for (piece, id) in pieces { table.insert(piece.utf8, id: id) }
        return table
    }

    /// The id of the unknown token that `unk_token` names.
    private static func unknown(_ entry: FileEntry, _ token: String, _ table: PieceTable) throws -> Int32 {
        let bytes = Array(token.utf8)
        if let id = table.id(of: bytes, 0..<bytes.count) { return id }
        throw entry.contradiction("the unknown token \"\(token)\" of \"model.unk_token\" is not in \"model.vocab\"")
    }

    private static func wordPiece(_ entry: FileEntry) throws -> (TokenModel, Vocabulary) {
        let (pieces, vocabulary) = try vocabulary(entry)
        let model = WordPieceModel(
            pieces: pieces, unknown: try unknown(entry, entry.string("unk_token"), table(pieces)),
            prefix: try entry.string("continuing_subword_prefix"),
            maxScalars: try entry.integer("max_input_chars_per_word", in: 1...100_000))
        return (.wordPiece(model), vocabulary)
    }

    private static func bytePair(_ entry: FileEntry) throws -> (TokenModel, Vocabulary) {
        if let dropout = try entry.optional("dropout"), try dropout.cursor.number() != 0 {
            throw dropout.unsupported("null: dropping merges at random is for training")
        }
        let (pieces, vocabulary) = try vocabulary(entry)
        let table = table(pieces)
        var options = BytePairModel.Options()
        // A few files name a token that they lack; the reference fails when it would need it.
        options.unknown =
            try entry.optional("unk_token")?.cursor.string().isEmpty == false
            ? unknown(entry, entry.string("unk_token"), table) : nil
        options.fusesUnknown = try entry.boolean("fuse_unk", otherwise: false)
        options.spellsBytes = try entry.boolean("byte_fallback", otherwise: false)
        options.ignoresMerges = try entry.boolean("ignore_merges", otherwise: false)
        options.prefix = Array(try entry.optional("continuing_subword_prefix")?.cursor.string().utf8 ?? "".utf8)
        options.suffix = Array(try entry.optional("end_of_word_suffix")?.cursor.string().utf8 ?? "".utf8)
        let merges = try merges(entry.member("merges"), table, prefix: options.prefix)
        return (.bytePair(BytePairModel(table: table, merges: merges, options: options)), vocabulary)
    }

    /// Merges are written as "a b" or as ["a", "b"].
    private static func merges(_ entry: FileEntry, _ table: PieceTable, prefix: [UInt8]) throws -> MergeTable {
        guard case .array(let values) = entry.cursor.value else { throw entry.cursor.unexpected("an array") }
        var merges = MergeTable(capacity: values.count)
        var rank: UInt32 = 0
        for (place, value) in values.enumerated() {
            let sides: [[UInt8]]
            switch value {
            case .string(let text):
                if text.hasPrefix("#version") { continue }
                sides = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
            case .array(let parts):
                sides = parts.compactMap { if case .string(let part) = $0 { Array(part.utf8) } else { nil } }
            default: sides = []
            }
            guard sides.count == 2 else {
                throw JSONCursor(value, path: "\(entry.cursor.path)[\(place)]").unexpected("two pieces")
            }
            guard merges.insert(sides[0], sides[1], rank: rank, in: table, prefix: prefix) else {
                throw entry.contradiction(
                    "\"\(entry.cursor.path)[\(place)]\" merges pieces of which one, or what they become, is not in "
                        + "\"model.vocab\"")
            }
            rank += 1
        }
        return merges
    }

    private static func unigram(_ entry: FileEntry) throws -> (TokenModel, Vocabulary) {
        let list = try entry.member("vocab")
        guard case .array(let values) = list.cursor.value else { throw list.cursor.unexpected("an array") }
        guard values.count < FileEntry.ids.count else { throw list.unsupported("up to \(FileEntry.ids.count) pieces") }
        var pieces: [(piece: String, score: Double)] = []
        pieces.reserveCapacity(values.count)
        var vocabulary = Vocabulary()
        for (place, value) in values.enumerated() {
            let path = "\(list.cursor.path)[\(place)]"
            guard case .array(let pair) = value, pair.count == 2, case .string(let piece) = pair[0], !piece.isEmpty
            else {
                throw JSONCursor(value, path: path).unexpected("a piece, which is not empty, and its score")
            }
            pieces.append((piece, try ReferenceNumber.read(JSONCursor(pair[1], path: "\(path)[1]"))))
            _ = vocabulary.insert(piece, id: place)
        }
        if pieces.isEmpty { throw list.unsupported("at least one piece") }
        let model = UnigramModel(
            pieces: pieces, unknown: Int32(try entry.integer("unk_id", in: 0...pieces.count - 1)),
            spellsBytes: try entry.boolean("byte_fallback", otherwise: false))
        return (.unigram(model), vocabulary)
    }
}

extension MergeTable {
    /// Adds a pair of pieces, the second perhaps with the prefix of pieces within a word, which what they become lacks.
    /// False where one of them is not in `table`.
    mutating func insert(
        _ first: [UInt8], _ second: [UInt8], rank: UInt32, in table: PieceTable, prefix: [UInt8]
    ) -> Bool {
        let whole = first + second.dropFirst(prefix.count)
        guard let firstID = table.id(of: first, 0..<first.count), let secondID = table.id(of: second, 0..<second.count),
            let id = table.id(of: whole, 0..<whole.count)
        else { return false }
        insert(firstID, secondID, Merge(rank: rank, id: id))
        return true
    }
}
