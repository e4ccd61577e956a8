/// Pieces by id, added tokens included. Ids may have holes.
struct Vocabulary: Sendable {
    private var pieces: [String?] = []
    private var special: Set<Int> = []

    /// One more than the highest id.
    var size: Int { pieces.count }

    /// The piece with this id, nil in a hole and out of bounds.
    func piece(of id: Int) -> String? {
        pieces.indices.contains(id) ? pieces[id] : nil
    }

    func isSpecial(_ id: Int) -> Bool { special.contains(id) }

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
}
