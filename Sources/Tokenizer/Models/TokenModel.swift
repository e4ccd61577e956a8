/// The third stage of a tokenizer.json: makes tokens of a piece (tokenizers, `models/`).
enum TokenModel: Sendable {
    case wordPiece(WordPieceModel)
    case bytePair(BytePairModel)
    case unigram(UnigramModel)
    /// Whole pieces, or the unknown token; without one, unknown pieces are left out.
    case wordLevel(PieceTable, unknown: Int32?)

    /// The id of a piece as it stands in the vocabulary.
    func id(of piece: [UInt8]) -> Int32? {
        switch self {
        case .wordPiece(let model): model.id(of: piece)
        case .bytePair(let model): model.id(of: piece)
        case .unigram(let model): model.id(of: piece)
        case .wordLevel(let table, _): table.id(of: piece, 0..<piece.count)
        }
    }

    /// Adds the ids of the pieces `ranges` of `text` to `ids`.
    func tokenize(_ text: [UInt8], _ ranges: [Range<Int>], into ids: inout [Int32]) {
        var word = MergedWord()
        for range in ranges {
            switch self {
            case .wordPiece(let model): model.tokenize(text, range, into: &ids)
            case .bytePair(let model): model.tokenize(text, range, &word, into: &ids)
            case .unigram(let model): model.tokenize(text, range, into: &ids)
            case .wordLevel(let table, let unknown):
                if let id = table.id(of: text, range) ?? unknown { ids.append(id) }
            }
        }
    }
}
