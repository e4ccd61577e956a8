import Glibc
import JSON

extension Tokenizer {
    /// Reads the tokenizer of a folder: its tokenizer.json or, where it has none, the files that transformers would
    /// build one of (vocab.txt; vocab.json and merges.txt; a model of SentencePiece), by the class that
    /// tokenizer_config.json names.
    public init(folder: String) throws(TokenizerError) {
        if access("\(folder)/tokenizer.json", F_OK) == 0 {
            try self.init(contentsOf: "\(folder)/tokenizer.json")
            return
        }
        self = try Self.reading("\(folder)/tokenizer_config.json") { try TokenizerFolder(folder).tokenizer() }
    }
}

/// The files of a tokenizer that has no tokenizer.json.
struct TokenizerFolder {
    private let folder: String
    private let configuration: FileEntry
    private let type: TokenizerClass

    init(_ folder: String) throws {
        self.folder = folder
        let path = "\(folder)/tokenizer_config.json"
        var value = JSONValue.object(JSONObject())
        if access(path, F_OK) == 0 { value = try JSONValue(contentsOf: path, limits: .tokenizers) }
        configuration = FileEntry(path: path, JSONCursor(value))
        if let name = try configuration.optional("tokenizer_class") {
            guard let type = TokenizerClass.named(try name.cursor.string()) else {
                throw name.unsupported(TokenizerClass.names + ", or any class with a tokenizer.json")
            }
            self.type = type
        } else if access("\(folder)/vocab.txt", F_OK) == 0 {
            type = .bert
        } else {
            // As for a folder without any tokenizer: the file that is missed.
            throw TokenizerError.json(
                path: "\(folder)/tokenizer.json", .unreadable(reason: String(cString: strerror(ENOENT))))
        }
    }

    func tokenizer() throws -> Tokenizer {
        switch type.kind {
        case .bert: try bert()
        case .byteLevel, .clip: try bytePair()
        case .xlmRoberta, .t5, .siglip: try sentencePiece()
        case .ctc: try ctc()
        }
    }

    /// A special token that the configuration names, as text or with how it is found.
    private func special(_ key: String) throws -> String? {
        guard let entry = try configuration.optional(key) else {
            // null takes a token away, absence leaves it as it is.
            if try configuration.cursor.optionalMember(key) != nil { return nil }
            return type.tokens.first { $0.key == key }?.content
        }
        if case .object = entry.cursor.value { return try entry.string("content") }
        return try entry.cursor.string()
    }

    /// Special tokens and those of `added_tokens_decoder`; one that the vocabulary lacks gets the next id.
    private func added(_ read: ReadModel, _ further: [String] = []) throws -> [AddedToken] {
        var tokens: [AddedToken] = []
        var seen = Set<String>()
        for (id, value) in try configuration.optional("added_tokens_decoder")?.cursor.object() ?? JSONObject() {
            guard case .object(var members) = value, let number = Int(id) else { continue }
            _ = members.append("id", .integer(number))
            let path = "added_tokens_decoder.\(id)"
            let token = try AddedToken(FileEntry(path: configuration.path, JSONCursor(.object(members), path: path)))
            if seen.insert(token.content).inserted { tokens.append(token) }
        }
        var next = Int32(max(read.vocabulary.size, tokens.map { Int($0.id) + 1 }.max() ?? 0))
        let contents = try type.tokens.compactMap { try special($0.key) } + further
        for content in contents where seen.insert(content).inserted {
            let id = read.model.id(of: Array(content.utf8)) ?? next
            if id == next { next += 1 }
            tokens.append(
                AddedToken(
                    id: id, content: content, singleWord: false, stripsLeft: type.kind == .siglip,
                    stripsRight: type.kind == .siglip, normalized: false, special: true))
        }
        return tokens
    }

    private func finished(_ tokenizer: Tokenizer, _ decoders: [Decoder]) throws -> Tokenizer {
        func id(_ key: String) throws -> Int32 {
            guard let content = try special(key), let id = tokenizer.id(of: content) else {
                throw JSONError.missing(key: key, path: "")
            }
            return Int32(id)
        }
        var tokenizer = tokenizer
        tokenizer.decoders = decoders
        switch type.around {
        case .nothing: break
        case .bert: tokenizer.postProcessor = try .bert(classID: id("cls_token"), separatorID: id("sep_token"))
        case .roberta: tokenizer.postProcessor = try .roberta(classID: id("cls_token"), separatorID: id("sep_token"))
        case .clip: tokenizer.postProcessor = try .roberta(classID: id("bos_token"), separatorID: id("eos_token"))
        case .end:
            let end = PostProcessor.Template.Part.special([try id("eos_token")], typeID: 0)
            let single: [PostProcessor.Template.Part] = [.text(isSecond: false, typeID: 0), end]
            tokenizer.postProcessor = PostProcessor(
                single: .init(parts: single), pair: .init(parts: single + [.text(isSecond: true, typeID: 0), end]))
        }
        return tokenizer
    }

    private func bert() throws -> Tokenizer {
        let path = "\(folder)/vocab.txt"
        let bytes = try Tokenizer.reading(path) { try JSONValue.bytes(of: path, limit: 64 << 20) }
        var vocabulary = Vocabulary()
        var ids: [String: Int32] = [:]
        var pieces: [ReadModel.Piece] = []
        for (place, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var scalars = String(decoding: line, as: UTF8.self).unicodeScalars
            while let last = scalars.last, UnicodeProperties.isBlank(last.value) { scalars.removeLast() }
            let trimmed = String(scalars)
            if trimmed.isEmpty { continue }
            guard place < FileEntry.ids.count, ids.updateValue(Int32(place), forKey: trimmed) == nil else {
                throw TokenizerError.contradiction(
                    path: path, "line \(place + 1) is there twice, or beyond what is read")
            }
            _ = vocabulary.insert(trimmed, id: place)
            pieces.append((trimmed, Int32(place)))
        }
        guard let unknown = try special("unk_token"), let unknownID = ids[unknown] else {
            throw TokenizerError.contradiction(path: path, "it lacks the unknown token")
        }
        let lowercases = try configuration.boolean("do_lower_case", otherwise: true)
        let normalizer = BertNormalizer(
            cleansText: true,
            separatesIdeographs: try configuration.boolean("tokenize_chinese_chars", otherwise: true),
            stripsAccents: try configuration.boolean("strip_accents", otherwise: lowercases), lowercases: lowercases)
        let read = ReadModel(
            model: .wordPiece(WordPieceModel(pieces: pieces, unknown: unknownID, prefix: "##", maxScalars: 100)),
            vocabulary: vocabulary)
        return try finished(
            Tokenizer(path: path, [.bert(normalizer)], [.bert], read, added(read)),
            [.wordPiece(prefix: Array("##".utf8), cleansUp: true)])
    }

    private func bytePair() throws -> Tokenizer {
        let path = "\(folder)/vocab.json"
        let (table, vocabulary) = try Tokenizer.reading(path) {
            let value = try JSONValue(contentsOf: path, limits: .tokenizers)
            let read = try ReadModel.vocabulary(in: FileEntry(path: path, JSONCursor(value)))
            return (ReadModel.table(read.pieces), read.1)
        }
        let mergesPath = "\(folder)/merges.txt"
        let text = try Tokenizer.reading(mergesPath) { try JSONValue.bytes(of: mergesPath, limit: 64 << 20) }
        let lines = text.split(separator: 0x0A).filter { !$0.starts(with: "#version".utf8) }
        var merges = MergeTable(capacity: lines.count)
        for (rank, line) in lines.enumerated() {
            let sides = line.filter { $0 != 0x0D }.split(separator: 0x20).map(Array.init)
            guard sides.count == 2, merges.insert(sides[0], sides[1], rank: UInt32(rank), in: table, prefix: []) else {
                throw TokenizerError.contradiction(
                    path: mergesPath, "merge \(rank + 1) is not of two pieces of vocab.json that become a third")
            }
        }
        var options = BytePairModel.Options()
        let isCLIP = type.kind == .clip
        if isCLIP, let unknown = try special("unk_token").map({ Array($0.utf8) }) {
            options.unknown = table.id(of: unknown, 0..<unknown.count)
            options.suffix = Array("</w>".utf8)
        }
        let read = ReadModel(
            model: .bytePair(BytePairModel(table: table, merges: merges, options: options)), vocabulary: vocabulary)
        var normalizers: [Normalizer] = []
        var preTokenizers: [PreTokenizer] = []
        if isCLIP {
            normalizers = [.form(.nfc), .replace(try Self.replacement(#"\s+"#, by: " ")), .lowercase]
            let pattern =
                #"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
            preTokenizers = [.split(.pattern(try Pattern(pattern)), .removed, inverted: true)]
        }
        let addsPrefixSpace = try !isCLIP && configuration.boolean("add_prefix_space", otherwise: false)
        preTokenizers.append(try PreTokenizer.byteLevel(addsPrefixSpace: addsPrefixSpace, usesPattern: true))
        var decoders: [Decoder] = [.byteLevel]
        if isCLIP {
            // What transformers does itself behind its decoder.
            decoders += [
                .replace(Replacement(target: .literal(options.suffix), content: [0x20])),
                .replace(try Self.replacement(Self.outerBlanks, by: "")),
            ]
        }
        return try finished(Tokenizer(path: path, normalizers, preTokenizers, read, added(read)), decoders)
    }

    /// What Python's `strip` takes off.
    private static let outerBlanks = #"\A[\s\x1C-\x1F]+|[\s\x1C-\x1F]+\z"#

    private static func replacement(_ pattern: String, by content: String) throws -> Replacement {
        Replacement(target: .pattern(try Pattern(pattern)), content: Array(content.utf8))
    }

    private func sentencePiece() throws -> Tokenizer {
        let names = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model"]
        let path = "\(folder)/\(names.first { access("\(folder)/\($0)", F_OK) == 0 } ?? names[0])"
        let bytes = try Tokenizer.reading(path) { try JSONValue.bytes(of: path, limit: 64 << 20) }
        guard let file = SentencePieceFile(bytes) else {
            throw TokenizerError.contradiction(path: path, "it is no model of SentencePiece")
        }
        guard file.modelType == 1 else {
            throw TokenizerError.unsupported(
                path: path, key: "trainer_spec.model_type", found: "\(file.modelType)", supported: "1, which is Unigram"
            )
        }
        var pieces = file.pieces.map { (piece: $0.text, score: $0.score) }
        var unknown = file.unknownID
        var further: [String] = []
        switch type.kind {
        case .xlmRoberta:
            pieces = [("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0)] + pieces.dropFirst(3) + [("<mask>", 0)]
            unknown = 3
        case .t5:
            let count = try configuration.optional("extra_ids")?.cursor.integer(in: 0...10_000) ?? 100
            further = (0..<count).reversed().map { "<extra_id_\($0)>" }
            pieces += further.map { ($0, 0) }
        default: break
        }
        guard pieces.indices.contains(unknown) else {
            throw TokenizerError.contradiction(path: path, "its unknown token is none of its pieces")
        }
        var vocabulary = Vocabulary()
        for (id, piece) in pieces.enumerated() { _ = vocabulary.insert(piece.piece, id: id) }
        let model = UnigramModel(pieces: pieces, unknown: Int32(unknown), spellsBytes: file.spellsBytes)
        let read = ReadModel(model: .unigram(model), vocabulary: vocabulary)
        var normalizers: [Normalizer] = []
        if type.kind == .siglip { normalizers = try siglipNormalizers() }
        if !file.charsmap.isEmpty {
            guard let charsmap = Charsmap(file.charsmap) else {
                throw TokenizerError.contradiction(path: path, "its map of characters is damaged")
            }
            normalizers.append(.precompiled(charsmap))
        }
        var preTokenizers = [PreTokenizer.whitespaceSplit, .metaspace(Metaspace(prepending: .always))]
        if type.kind == .siglip {
            normalizers += [
                .replace(try Self.replacement(" {2,}", by: " ")), .replace(try Self.replacement(#" \z"#, by: "")),
                .replace(Replacement(target: .literal([0x20]), content: Array("\u{2581}".utf8))),
            ]
            preTokenizers = [.metaspace(Metaspace(prepending: .never))]
        }
        return try finished(
            Tokenizer(path: path, normalizers, preTokenizers, read, added(read, further)),
            [.metaspace(replacement: 0x2581, dropsFirst: true)])
    }

    /// What `SiglipTokenizer.canonicalize_text` does before SentencePiece sees a text.
    private func siglipNormalizers() throws -> [Normalizer] {
        let lowercases = try configuration.boolean("do_lower_case", otherwise: true)
        return [.replace(Replacement(target: .literal(Array("\u{2581}".utf8)), content: [0x20]))]
            + (lowercases ? [.lowercase] : [])
            + [
                .replace(try Self.replacement(##"[!-/:-@\[-`{-~]"##, by: "")),
                .replace(try Self.replacement(#"[\s\x1C-\x1F]+"#, by: " ")),
                .replace(try Self.replacement(#" \z"#, by: "")),
                // A map of characters may make a blank of it, and else it stays beside one that the text begins with.
                .prepend(Array("\u{2581}".utf8)),
            ]
    }

    /// Characters of speech recognition: decoding takes repetitions and the padding out.
    private func ctc() throws -> Tokenizer {
        let path = "\(folder)/vocab.json"
        let (table, vocabulary) = try Tokenizer.reading(path) {
            let value = try JSONValue(contentsOf: path, limits: .tokenizers)
            let read = try ReadModel.vocabulary(in: FileEntry(path: path, JSONCursor(value)))
            return (ReadModel.table(read.pieces), read.1)
        }
        let unknown = try special("unk_token").map { Array($0.utf8) } ?? []
        let read = ReadModel(
            model: .wordLevel(table, unknown: table.id(of: unknown, 0..<unknown.count)), vocabulary: vocabulary)
        let delimiter = try configuration.optional("word_delimiter_token")?.cursor.string() ?? "|"
        let padding = try special("pad_token") ?? "<pad>"
        // No token is special to decoding, as in transformers where nobody asks: padding keeps repeated letters apart.
        let added = try added(read).map { token in
            AddedToken(
                id: token.id, content: token.content, singleWord: false, stripsLeft: false, stripsRight: false,
                normalized: false, special: false)
        }
        var normalizers: [Normalizer] = []
        if try configuration.boolean("do_lower_case", otherwise: false) { normalizers.append(.lowercase) }
        normalizers.append(.replace(Replacement(target: .literal([0x20]), content: Array(delimiter.utf8))))
        return try finished(
            Tokenizer(path: path, normalizers, [.fixedLength(1)], read, added),
            [
                .ctc(padding: Array(padding.utf8), delimiter: [], cleansUp: false),
                .replace(Replacement(target: .literal(Array(delimiter.utf8)), content: [0x20])), .fuse,
                .replace(try Self.replacement(Self.outerBlanks, by: "")),
            ])
    }
}
