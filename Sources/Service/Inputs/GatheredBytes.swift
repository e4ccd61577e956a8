/// Bytes that come piece by piece, whose number nobody is believed to know before.
///
/// They are kept in pieces, since an array that grows is copied to a longer one and takes twice its memory meanwhile.
struct GatheredBytes: Sendable {
    private static let shortest = 16 << 10
    private static let longest = 256 << 10

    private var pieces: [[UInt8]] = []
    /// How many there are.
    private(set) var count = 0
    /// Bytes of memory set aside for them: at most twice their number and 16 KiB, and at most 256 KiB more than it.
    private(set) var capacity = 0

    mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(capacity - count)
            if part.isEmpty {
                addPiece()
            } else {
                pieces[pieces.count - 1].append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
                count += part.count
                rest = rest.dropFirst(part.count)
            }
        }
    }

    private mutating func addPiece() {
        let length = min(max(count, Self.shortest), Self.longest)
        pieces.append([])
        pieces[pieces.count - 1].reserveCapacity(length)
        capacity += length
    }

    /// The bytes in one array; nothing is left here. Each piece is freed once it is copied.
    mutating func takeJoined() -> [UInt8] {
        defer { self = GatheredBytes() }
        guard pieces.count > 1 else {
            let only = pieces.first ?? []
            // Little is copied to an array of its own length.
            return capacity > 2 * count ? only.withUnsafeBytes { Array($0) } : only
        }
        return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            for index in pieces.indices {
                let piece = pieces[index]
                pieces[index] = []
                // All pieces together have `count` bytes, for which there is room.
                _ = UnsafeMutableBufferPointer(rebasing: target[initialized...]).initialize(from: piece)
                initialized += piece.count
            }
        }
    }
}
