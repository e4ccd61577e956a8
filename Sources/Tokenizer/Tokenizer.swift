/// Text to ids of tokens and back, in the five stages of a tokenizer.json of Hugging Face tokenizers, with the ids that
/// tokenizers 0.23 gives.
public struct Tokenizer: Sendable {
    /// What a text, or a pair of texts, became.
    public struct Encoding: Sendable, Equatable {
        /// The ids, special tokens included, cut to the number that was allowed.
        public var ids: [Int32]
        /// For each id the part that it belongs to: mostly 0 for the first text and 1 for the second.
        public var typeIDs: [Int32]
        /// Whether the text had more tokens than were allowed.
        public var truncated: Bool
        /// The tokens that the whole text has, special tokens included.
        public var totalTokens: Int

        /// An encoding of these ids, all of type 0 where nothing else is said.
        public init(ids: [Int32], typeIDs: [Int32]? = nil, truncated: Bool, totalTokens: Int) {
            self.ids = ids
            self.typeIDs = typeIDs ?? [Int32](repeating: 0, count: ids.count)
            self.truncated = truncated
            self.totalTokens = totalTokens
        }
    }

    /// The file it was read from, for errors.
    let path: String
    var normalizers: [Normalizer]
    let preTokenizers: [PreTokenizer]
    /// Whether a stage treats the beginning of a text in a way of its own.
    let usesBeginning: Bool
    let model: TokenModel
    var postProcessor: PostProcessor
    /// Nil where the file has none: tokens are then joined by blanks.
    var decoders: [Decoder]?
    var truncation: Truncation
    let vocabulary: Vocabulary
    /// Ids of added tokens by their content.
    let addedIDs: [[UInt8]: Int32]
    /// Looked for in the text as it comes.
    let rawTokens: AddedTokenMatcher
    /// Looked for in the normalized text.
    let normalizedTokens: AddedTokenMatcher

    /// The length that the file itself cuts texts to, special tokens included; nil where it cuts none.
    public var defaultMaxTokens: Int? { truncation.maxTokens }

    /// One more than the highest id: an embedding needs at least this many rows.
    public var vocabularySize: Int { vocabulary.size }

    /// The id of a piece as it stands in the vocabulary, such as "dog", "##s" or "[CLS]".
    public func id(of piece: String) -> Int? {
        let bytes = Array(piece.utf8)
        return (addedIDs[bytes] ?? model.id(of: bytes)).map(Int.init)
    }

    /// The piece with this id, nil for an id that the vocabulary does not have.
    public func piece(of id: Int) -> String? { vocabulary.piece(of: id) }

    /// The added tokens that a text would become in places, with what they are called and whether they are special: what encoding it
    /// reads as more than text.
    public func addedTokens(in text: String) -> [(id: Int, content: String, isSpecial: Bool)] {
        var found: [(id: Int, content: String, isSpecial: Bool)] = []
        func note(_ token: AddedToken) { found.append((Int(token.id), token.content, token.special)) }
        rawTokens.split(Array(text.utf8), onText: { _ in }, onToken: note)
        if !normalizedTokens.isEmpty {
            normalizedTokens.split(normalize(Array(text.utf8)), onText: { _ in }, onToken: note)
        }
        return found
    }

    /// Refuses a model whose word embedding has fewer rows than this vocabulary has ids, so that no id can lead to a
    /// row that is not there.
    public func requireIDs(below embeddingRows: Int) throws(TokenizerError) {
        if vocabularySize > embeddingRows {
            throw .contradiction(
                path: path,
                "the highest id is \(vocabularySize - 1), but the model's word embedding has \(embeddingRows) rows")
        }
    }

    /// The ids of a text. Where it has more than `maxTokens`, special tokens included, the rest at its end is cut, or at its
    /// beginning where the file says so, and the special tokens stay; a `maxTokens` below their number counts as their
    /// number. Time grows with the text's length, for BPE with its logarithm as well.
    ///
    /// The text of a special token within `text`, such as "[SEP]", becomes that token, as in the reference.
    public func encode(_ text: String, maxTokens: Int, addSpecialTokens: Bool = true) -> Encoding {
        let template = postProcessor.single
        let ids = tokens(of: text)
        let special = addSpecialTokens ? template.specialCount : 0
        let allowed = max(maxTokens, special) - special
        return assemble(
            template, [truncation.cut(ids, to: min(ids.count, allowed))], addSpecialTokens, total: ids.count + special)
    }

    /// The ids of a pair of texts, such as a question and a passage; see ``encode(_:maxTokens:addSpecialTokens:)``. Where
    /// they have too many, the longer one is cut until they are equally long, then both.
    public func encode(_ text: String, pair: String, maxTokens: Int, addSpecialTokens: Bool = true) -> Encoding {
        let template = postProcessor.pair
        let first = tokens(of: text)
        let second = tokens(of: pair)
        let special = addSpecialTokens ? template.specialCount : 0
        let allowed = max(maxTokens, special) - special
        let kept = truncation.lengths(first.count, second.count, allowed: allowed)
        return assemble(
            template, [truncation.cut(first, to: kept.0), truncation.cut(second, to: kept.1)], addSpecialTokens,
            total: first.count + second.count + special)
    }

    /// The text of ids: special tokens, unless they are wanted, and unknown ids left out.
    public func decode(_ ids: some Sequence<Int>, skipsSpecial: Bool = true) -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            if let token = vocabulary.spelling(of: id, skipsSpecial: skipsSpecial) { tokens.append(Array(token.utf8)) }
        }
        guard let decoders else { return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self) }
        for decoder in decoders { tokens = decoder.decode(tokens) }
        return String(decoding: Array(tokens.joined()), as: UTF8.self)
    }

    private func assemble(
        _ template: PostProcessor.Template, _ texts: [ArraySlice<Int32>], _ addSpecialTokens: Bool, total: Int
    ) -> Encoding {
        var encoding = Encoding(ids: [], typeIDs: [], truncated: false, totalTokens: total)
        let count = texts.reduce(template.specialCount) { $0 + $1.count }
        encoding.ids.reserveCapacity(count)
        encoding.typeIDs.reserveCapacity(count)
        for part in template.parts {
            switch part {
            case .special(let ids, let typeID):
                if !addSpecialTokens { continue }
                encoding.ids += ids
                encoding.typeIDs += repeatElement(typeID, count: ids.count)
            case .text(let isSecond, let typeID):
                let ids = texts[isSecond ? 1 : 0]
                encoding.ids += ids
                let bare = addSpecialTokens ? nil : template.bareTypeIDs
                encoding.typeIDs += repeatElement(bare?[isSecond ? 1 : 0] ?? typeID, count: ids.count)
            }
        }
        encoding.truncated = encoding.ids.count < total
        return encoding
    }
}
