/// Word pieces by their bytes: finds the longest one that a text begins with.
///
/// Keys are bytes, not `String`, whose equality is Unicode's canonical equivalence: a vocabulary may hold one character
/// in two forms under two ids. The hash grows byte by byte, so that all beginnings of a text are looked up in one pass.
struct PieceTable: Sendable {
    private var text: [UInt8] = []
    private var ends: [Int] = []
    private var ids: [Int32] = []
    /// Hash in the upper half, position plus one in the lower; zero for a free slot. Open addressing.
    private var slots: [UInt64]
    private var longest = 0

    private static let basis: UInt32 = 2_166_136_261

    /// A table with room for `capacity` pieces.
    init(capacity: Int) {
        var slotCount = 16
        while slotCount < 4 * capacity { slotCount *= 2 }
        slots = [UInt64](repeating: 0, count: slotCount)
        ids.reserveCapacity(capacity)
        ends.reserveCapacity(capacity)
    }

    /// Adds a piece; the caller adds no more than `capacity` and none twice.
    mutating func insert(_ piece: some Collection<UInt8>, id: Int32) {
        let begin = text.count
        text.append(contentsOf: piece)
        var hash = Self.basis
        for byte in text[begin...] { hash = Self.mix(hash, byte) }
        ends.append(text.count)
        ids.append(id)
        longest = max(longest, text.count - begin)
        var slot = start(hash)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt64(hash) << 32 | UInt64(ids.count)
    }

    /// The longest piece that `source` has at `begin`, ending by `end` and between two scalars.
    func longestMatch(in source: [UInt8], from begin: Int, to end: Int) -> (id: Int32, end: Int)? {
        var found: (id: Int32, end: Int)?
        var hash = Self.basis
        let limit = min(end, begin + longest)
        var position = begin
        while position < limit {
            hash = Self.mix(hash, source[position])
            position += 1
            if position < end, ScalarReader.isContinuation(source[position]) { continue }
            if let id = id(hash: hash, source, begin, position) { found = (id, position) }
        }
        return found
    }

    /// The id of the piece `source[range]`, nil where it is none.
    func id(of source: [UInt8], _ range: Range<Int>) -> Int32? {
        if range.count > longest { return nil }
        var hash = Self.basis
        for position in range { hash = Self.mix(hash, source[position]) }
        return id(hash: hash, source, range.lowerBound, range.upperBound)
    }

    private func id(hash: UInt32, _ source: [UInt8], _ begin: Int, _ end: Int) -> Int32? {
        var slot = start(hash)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == UInt64(hash) {
                let entry = Int(slots[slot] & 0xFFFF_FFFF) - 1
                let from = entry == 0 ? 0 : ends[entry - 1]
                if ends[entry] - from == end - begin, text[from..<ends[entry]].elementsEqual(source[begin..<end]) {
                    return ids[entry]
                }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func mix(_ hash: UInt32, _ byte: UInt8) -> UInt32 {
        (hash ^ UInt32(byte)) &* 16_777_619
    }

    private func start(_ hash: UInt32) -> Int {
        Int(truncatingIfNeeded: (UInt64(hash) &* 0x9E37_79B9_7F4A_7C15) >> 32) & (slots.count - 1)
    }
}
