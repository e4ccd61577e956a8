/// Hugging Face's `Unigram` (tokenizers, `models/unigram/model.rs`; Kudo 2018): of all ways to cut a text into pieces the
/// one whose pieces' scores have the greatest sum.
struct UnigramModel: Sendable {
    private let trie: PieceTrie
    private let table: PieceTable
    private let scores: [Double]
    /// The id of what no piece covers.
    let unknown: Int32
    /// What a scalar costs that no piece covers.
    private let unknownScore: Double
    /// The ids of the pieces `<0x00>` to `<0xFF>`, which spell what no piece covers.
    private let byteIDs: [Int32]?

    /// Pieces have their places as ids; none is empty, and `unknown` is one of them.
    init(pieces: [(piece: String, score: Double)], unknown: Int32, spellsBytes: Bool) {
        let entries = pieces.enumerated().map { (bytes: Array($1.piece.utf8), value: Int32($0)) }
        trie = PieceTrie(entries)
        var table = PieceTable(capacity: pieces.count)
        // Of pieces that are there twice, the last one counts.
        var seen = Set<[UInt8]>()
        for entry in entries.reversed() where seen.insert(entry.bytes).inserted {
            table.insert(entry.bytes, id: entry.value)
        }
        self.table = table
        scores = pieces.map(\.score)
        self.unknown = unknown
        unknownScore = (scores.min() ?? 0) - 10
        byteIDs = spellsBytes ? BytePieces.ids { table.id(of: $0, 0..<$0.count) } : nil
    }

    /// The id of a piece as it stands in the vocabulary.
    func id(of piece: [UInt8]) -> Int32? { table.id(of: piece, 0..<piece.count) }

    /// Adds the ids of the piece `text[range]` to `ids`.
    func tokenize(_ text: [UInt8], _ range: Range<Int>, into ids: inout [Int32]) {
        struct Node {
            var score = 0.0
            /// Where its token begins, from the beginning of the range; -1 before there is one.
            var begin: Int32 = -1
            var id: Int32 = 0
        }
        var best = [Node](repeating: Node(), count: range.count + 1)
        var position = range.lowerBound
        while position < range.upperBound {
            let place = position - range.lowerBound
            let before = best[place].score
            var next = position
            _ = ScalarReader.next(text, &next)
            var coversScalar = false
            func offer(_ end: Int, _ id: Int32, _ score: Double) {
                let node = end - range.lowerBound
                if best[node].begin < 0 || before + score > best[node].score {
                    best[node] = Node(score: before + score, begin: Int32(place), id: id)
                }
            }
            trie.forEachMatch(in: text, from: position, to: range.upperBound) { end, id in
                offer(end, id, scores[Int(id)])
                if end == next { coversScalar = true }
            }
            if !coversScalar { offer(next, unknown, unknownScore) }
            position = next
        }
        // From the end backwards; neighbours that nothing covers are one.
        var tokens: [(range: Range<Int>, id: Int32)] = []
        var end = range.count
        while end > 0 {
            let node = best[end]
            let begin = Int(node.begin)
            if node.id == unknown, let last = tokens.last, last.id == unknown {
                tokens[tokens.count - 1].range = begin..<last.range.upperBound
            } else {
                tokens.append((begin..<end, node.id))
            }
            end = begin
        }
        for token in tokens.reversed() {
            if token.id != unknown {
                ids.append(token.id)
                continue
            }
            let bytes = range.lowerBound + token.range.lowerBound..<range.lowerBound + token.range.upperBound
            if let id = table.id(of: text, bytes) {
                ids.append(id)
            } else if let byteIDs {
                for byte in text[bytes] { ids.append(byteIDs[Int(byte)]) }
            } else {
                ids.append(unknown)
            }
        }
    }
}

/// Pieces such as `<0x0A>`, which stand for a byte.
enum BytePieces {
    /// The ids of all 256, nil where one is missing.
    static func ids(_ id: ([UInt8]) -> Int32?) -> [Int32]? {
        let ids = (0...UInt8(255)).compactMap { id(Array(name($0).utf8)) }
        return ids.count == 256 ? ids : nil
    }

    private static func name(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "<0x0\(digits)>" : "<0x\(digits)>"
    }
}
