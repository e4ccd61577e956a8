/// Changes to bytes, out of a small random generator (SplitMix64).
struct Mutation {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }

    /// One to four changes. Checksums of PNG chunks are made right half of the time, or nothing would get past them.
    mutating func damage(_ original: [UInt8], from corpus: [[UInt8]]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(4) where !bytes.isEmpty {
            let place = below(bytes.count)
            switch below(9) {
            case 0: bytes[place] ^= 1 << UInt8(below(8))
            case 1: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][below(6)]
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(64)))
            case 4: bytes.removeSubrange(place...)
            case 5:
                bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(64))], at: below(place + 1))
            case 6: bytes.insert(contentsOf: (0...below(16)).map { _ in UInt8(truncatingIfNeeded: next()) }, at: place)
            case 7:
                // Headers are where the decisions fall: most files have theirs in the first 700 bytes.
                bytes[below(min(bytes.count, 700))] = UInt8(truncatingIfNeeded: next())
            default:
                let other = corpus[below(corpus.count)]
                let start = below(other.count)
                bytes.replaceSubrange(
                    place..<min(bytes.count, place + 128), with: other[start..<min(other.count, start + 128)])
            }
        }
        if below(2) == 0 { repairChecksums(&bytes) }
        return bytes
    }

    private func repairChecksums(_ bytes: inout [UInt8]) {
        guard bytes.starts(with: PNGBytes.signature) else { return }
        var offset = PNGBytes.signature.count
        while offset + 12 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = offset + 8 + length
            guard end + 4 <= bytes.count else { return }
            bytes.replaceSubrange(end..<end + 4, with: JPEGBytes.big32(Int(PNGBytes.crc(bytes[offset + 4..<end]))))
            offset = end + 4
        }
    }
}
