/// Pieces by id, added tokens included. Ids may have holes.
struct Vocabulary: Sendable {
    private var pieces: [String?] = []
    private var special: Set<Int> = []
    /// Added tokens whose normal form is what decoding begins with.
    private var spellings: [Int: String] = [:]

    /// One more than the highest id.
    var size: Int { pieces.count }

    /// The piece with this id, nil in a hole and out of bounds.
    func piece(of id: Int) -> String? {
        pieces.indices.contains(id) ? pieces[id] : nil
    }

    /// What decoding begins with, nil where the id has nothing to say.
    func spelling(of id: Int, skipsSpecial: Bool) -> String? {
        skipsSpecial && special.contains(id) ? nil : spellings[id] ?? piece(of: id)
    }

    /// Gives the id `id` to `piece`. False where another piece has it.
    mutating func insert(_ piece: String, id: Int) -> Bool {
        if id >= pieces.count {
            pieces.append(contentsOf: repeatElement(nil, count: id + 1 - pieces.count))
        }
        if let other = pieces[id], !other.utf8.elementsEqual(piece.utf8) { return false }
        pieces[id] = piece
        return true
    }

    mutating func markSpecial(_ id: Int) { special.insert(id) }

    mutating func spell(_ id: Int, _ spelling: String) { spellings[id] = spelling }
}
