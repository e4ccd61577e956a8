/// Text to ids of word pieces and back, as a tokenizer.json of Hugging Face tokenizers describes it, with the ids that
/// tokenizers 0.23 gives.
public struct WordPieceTokenizer: Sendable {
    /// What a text became.
    public struct Encoding: Sendable, Equatable {
        /// The ids, special tokens included, cut to the number that was allowed.
        public var ids: [Int32]
        /// Whether the text had more tokens than were allowed.
        public var truncated: Bool
        /// The tokens that the whole text has, special tokens included.
        public var totalTokens: Int

        /// An encoding of these ids.
        public init(ids: [Int32], truncated: Bool, totalTokens: Int) {
            self.ids = ids
            self.truncated = truncated
            self.totalTokens = totalTokens
        }
    }

    /// The file it was read from, for errors.
    let path: String
    let normalizer: BertNormalizer
    let model: WordPieceModel
    let vocabulary: Vocabulary
    let addedTokens: [AddedToken]
    /// Looked for in the text as it comes.
    let rawTokens: AddedTokenMatcher
    /// Looked for in the normalized text.
    let normalizedTokens: AddedTokenMatcher
    /// Ids put before and behind a text, such as [CLS] and [SEP].
    let before: [Int32]
    let behind: [Int32]
    let continuationPrefix: String
    /// The length that the file itself cuts texts to, special tokens included; nil where it cuts none.
    public let defaultMaxTokens: Int?

    /// One more than the highest id: an embedding needs at least this many rows.
    public var vocabularySize: Int { vocabulary.size }

    /// The id of a piece as it stands in the vocabulary, such as "dog", "##s" or "[CLS]".
    public func id(of piece: String) -> Int? {
        addedTokens.first { $0.content.utf8.elementsEqual(piece.utf8) }.map { Int($0.id) }
            ?? model.id(of: Array(piece.utf8)).map(Int.init)
    }

    /// The piece with this id, nil for an id that the vocabulary does not have.
    public func piece(of id: Int) -> String? { vocabulary.piece(of: id) }

    /// Refuses a model whose word embedding has fewer rows than this vocabulary has ids, so that no id can lead to a
    /// row that is not there.
    public func requireIDs(below embeddingRows: Int) throws(TokenizerError) {
        if vocabularySize > embeddingRows {
            throw .contradiction(
                path: path,
                "the highest id is \(vocabularySize - 1), but the model's word embedding has \(embeddingRows) rows")
        }
    }

    /// The ids of a text. Where it has more than `maxTokens`, special tokens included, the rest at its end is cut, and
    /// the special tokens stay; a `maxTokens` below their number counts as their number. Linear in the text's length.
    ///
    /// The text of a special token within `text`, such as "[SEP]", becomes that token, as in the reference.
    public func encode(_ text: String, maxTokens: Int, addSpecialTokens: Bool = true) -> Encoding {
        let (before, behind) = addSpecialTokens ? (before, behind) : ([], [])
        var ids = before
        let bytes = Array(text.utf8)
        rawTokens.split(bytes) { range in
            encodePlain(bytes[range], into: &ids)
        } onToken: { token in
            ids.append(token.id)
        }
        let total = ids.count + behind.count
        let allowed = max(maxTokens, before.count + behind.count)
        if total > allowed { ids.removeSubrange((allowed - behind.count)...) }
        ids += behind
        return Encoding(ids: ids, truncated: ids.count < total, totalTokens: total)
    }

    /// The text of ids: pieces joined by blanks, "##" pieces glued to the one before, special tokens and unknown ids
    /// left out.
    public func decode(_ ids: some Sequence<Int>) -> String {
        var text = ""
        var isFirst = true
        for id in ids {
            guard let piece = vocabulary.piece(of: id), !vocabulary.isSpecial(id) else { continue }
            if isFirst {
                text += piece
            } else if piece.utf8.starts(with: continuationPrefix.utf8) {
                text.unicodeScalars.append(
                    contentsOf: piece.unicodeScalars.dropFirst(continuationPrefix.unicodeScalars.count))
            } else {
                text += " "
                text += piece
            }
            isFirst = false
        }
        return text
    }

    private func encodePlain(_ text: ArraySlice<UInt8>, into ids: inout [Int32]) {
        let normalized = normalizer.normalize(text)
        if normalizedTokens.isEmpty { return encodeWords(normalized, 0..<normalized.count, into: &ids) }
        normalizedTokens.split(normalized) { range in
            encodeWords(normalized, range, into: &ids)
        } onToken: { token in
            ids.append(token.id)
        }
    }

    private func encodeWords(_ text: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        BertPreTokenizer.split(text, range) { model.tokenize(text, $0, into: &ids) }
    }
}
