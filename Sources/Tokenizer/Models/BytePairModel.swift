/// Hugging Face's `BPE` (tokenizers, `models/bpe/`; Sennrich 2016): of the pairs of neighbours that may be merged, the one
/// that was learnt first is merged first, until none is left.
struct BytePairModel: Sendable {
    struct Options: Sendable, Equatable {
        /// The id of a character that the vocabulary lacks; nil leaves it out.
        var unknown: Int32?
        /// Neighbours that the vocabulary lacks are one token.
        var fusesUnknown = false
        /// What the vocabulary lacks is spelled with `<0x00>` to `<0xFF>`.
        var spellsBytes = false
        /// A piece that is in the vocabulary is not cut.
        var ignoresMerges = false
        /// Stands before characters within a piece.
        var prefix: [UInt8] = []
        /// Stands behind the last character of a piece.
        var suffix: [UInt8] = []
    }

    private let table: PieceTable
    private let merges: MergeTable
    private let options: Options
    private let byteIDs: [Int32?]

    init(table: PieceTable, merges: MergeTable, options: Options) {
        self.table = table
        self.merges = merges
        self.options = options
        byteIDs = (0...UInt8(255)).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            let name = Array((byte < 16 ? "<0x0\(digits)>" : "<0x\(digits)>").utf8)
            return options.spellsBytes ? table.id(of: name, 0..<name.count) : nil
        }
    }

    /// The id of a piece as it stands in the vocabulary.
    func id(of piece: [UInt8]) -> Int32? { table.id(of: piece, 0..<piece.count) }

    /// Adds the ids of the piece `text[range]` to `ids`. `word` is room that is used again from piece to piece.
    func tokenize(_ text: [UInt8], _ range: Range<Int>, _ word: inout MergedWord, into ids: inout [Int32]) {
        if options.ignoresMerges, let id = table.id(of: text, range) { return ids.append(id) }
        word.removeAll()
        var unknown: Int32?
        var position = range.lowerBound
        while position < range.upperBound {
            let begin = position
            _ = ScalarReader.next(text, &position)
            let (id, spelled) = symbol(text, begin..<position, in: range)
            if let id {
                if let waiting = unknown { word.append(waiting) }
                unknown = nil
                word.append(id)
            } else if !spelled.isEmpty {
                // The reference puts bytes before an unknown token that waits for more.
                for id in spelled { word.append(id) }
            } else if let id = options.unknown {
                if let waiting = unknown, !options.fusesUnknown { word.append(waiting) }
                unknown = id
            }
        }
        if let unknown { word.append(unknown) }
        word.merge(merges)
        word.appendIDs(to: &ids)
    }

    /// The id of a character, or else of its bytes.
    private func symbol(_ text: [UInt8], _ character: Range<Int>, in range: Range<Int>) -> (Int32?, [Int32]) {
        let prefix = character.lowerBound > range.lowerBound ? options.prefix : []
        let suffix = character.upperBound == range.upperBound ? options.suffix : []
        if prefix.isEmpty, suffix.isEmpty {
            if let id = table.id(of: text, character) { return (id, []) }
            return options.spellsBytes ? (nil, spelled(text[character])) : (nil, [])
        }
        let written = prefix + text[character] + suffix
        if let id = table.id(of: written, 0..<written.count) { return (id, []) }
        return options.spellsBytes ? (nil, spelled(written[...])) : (nil, [])
    }

    private func spelled(_ bytes: ArraySlice<UInt8>) -> [Int32] {
        let ids = bytes.compactMap { byteIDs[Int($0)] }
        return ids.count == bytes.count ? ids : []
    }
}

/// What pairs of tokens may become, and which pair goes first.
struct MergeTable: Sendable {
    /// A pair's ids, the first in the upper half; `free` where there is none. Open addressing.
    private var keys: [UInt64]
    private var values: [Merge]

    struct Merge: Sendable {
        /// The lower, the earlier.
        var rank: UInt32
        var id: Int32
    }

    private static let free = UInt64.max

    /// A table with room for `capacity` pairs.
    init(capacity: Int) {
        var count = 16
        while count < 2 * capacity { count *= 2 }
        keys = [UInt64](repeating: Self.free, count: count)
        values = [Merge](repeating: Merge(rank: 0, id: 0), count: count)
    }

    /// Adds a pair; the caller adds no more than `capacity`. Of equal ones the last counts. Ids are not negative.
    mutating func insert(_ first: Int32, _ second: Int32, _ merge: Merge) {
        let key = Self.key(first, second)
        var slot = start(key)
        while keys[slot] != Self.free, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
        keys[slot] = key
        values[slot] = merge
    }

    func merge(_ first: Int32, _ second: Int32) -> Merge? {
        let key = Self.key(first, second)
        var slot = start(key)
        while keys[slot] != Self.free {
            if keys[slot] == key { return values[slot] }
            slot = (slot + 1) & (keys.count - 1)
        }
        return nil
    }

    private static func key(_ first: Int32, _ second: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    }

    private func start(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (keys.count - 1)
    }
}
