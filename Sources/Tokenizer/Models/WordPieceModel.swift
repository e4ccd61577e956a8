/// Hugging Face's `WordPiece` (tokenizers, `models/wordpiece/mod.rs`): a word becomes the longest pieces from left to
/// right, all but the first with the prefix "##"; a word that cannot be covered becomes the unknown token.
struct WordPieceModel: Sendable {
    private let beginnings: PieceTable
    private let continuations: PieceTable
    /// The id of the unknown token.
    let unknown: Int32
    /// A word of more Unicode scalars than this is unknown as a whole.
    let maxScalars: Int

    /// `prefix` marks pieces within a word.
    init(pieces: [(piece: String, id: Int32)], unknown: Int32, prefix: String, maxScalars: Int) {
        var beginnings = PieceTable(capacity: pieces.count)
        var continuations = PieceTable(capacity: pieces.count)
        for (piece, id) in pieces {
            let bytes = piece.utf8
            beginnings.insert(bytes, id: id)
            if bytes.count > prefix.utf8.count, bytes.starts(with: prefix.utf8) {
                continuations.insert(bytes.dropFirst(prefix.utf8.count), id: id)
            }
        }
        self.beginnings = beginnings
        self.continuations = continuations
        self.unknown = unknown
        self.maxScalars = maxScalars
    }

    /// The id of a piece as it stands in the vocabulary.
    func id(of piece: [UInt8]) -> Int32? {
        let match = beginnings.longestMatch(in: piece, from: 0, to: piece.count)
        return match?.end == piece.count ? match?.id : nil
    }

    /// Adds the ids of the word `text[word]` to `ids`.
    func tokenize(_ text: [UInt8], _ word: Range<Int>, into ids: inout [Int32]) {
        if word.count > maxScalars {
            var scalars = 0
            for position in word where !ScalarReader.isContinuation(text[position]) { scalars += 1 }
            if scalars > maxScalars { return ids.append(unknown) }
        }
        let before = ids.count
        var position = word.lowerBound
        while position < word.upperBound {
            let table = position == word.lowerBound ? beginnings : continuations
            guard let match = table.longestMatch(in: text, from: position, to: word.upperBound) else {
                ids.removeSubrange(before...)
                ids.append(unknown)
                return
            }
            ids.append(match.id)
            position = match.end
        }
    }
}
