/// SentencePiece's `precompiled_charsmap`: a double-array trie (Darts) from characters to what they become
/// (sentencepiece, `normalizer.cc`; spm_precompiled 0.1).
struct Charsmap: Sendable {
    private let units: [UInt32]
    /// What characters become, each ended by a zero byte.
    private let texts: [UInt8]

    /// Reads the blob: the size of the trie in bytes, the trie, the texts. Nil where it is none.
    init?(_ blob: [UInt8]) {
        guard blob.count >= 4 else { return nil }
        let size = Int(Self.word(blob, 0))
        guard size % 4 == 0, size >= 4, size <= blob.count - 4 else { return nil }
        units = stride(from: 4, to: 4 + size, by: 4).map { Self.word(blob, $0) }
        let texts = Array(blob[(4 + size)...])
        guard String(validating: texts, as: UTF8.self) != nil else { return nil }
        self.texts = texts
    }

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
            | UInt32(bytes[place + 3]) << 24
    }

    /// Every grapheme of fewer than six bytes, or else every scalar, becomes what the shortest beginning of it that is in
    /// the map becomes. That is the reference's reading of SentencePiece, oddities included.
    func normalize(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var position = 0
        for grapheme in String(decoding: text, as: UTF8.self) {
            let end = position + grapheme.utf8.count
            if end - position < 6, let replacement = replacement(text, position..<end) {
                output += replacement
                position = end
            }
            while position < end {
                let begin = position
                _ = ScalarReader.next(text, &position)
                output += replacement(text, begin..<position) ?? text[begin..<position]
            }
        }
        return output
    }

    private func replacement(_ text: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8>? {
        var node = Self.offset(units[0])
        for byte in text[range] {
            if byte == 0 { return nil }
            node ^= Int(byte)
            guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { return nil }
            let hasLeaf = units[node] >> 8 & 1 == 1
            node ^= Self.offset(units[node])
            guard node < units.count else { return nil }
            if !hasLeaf { continue }
            let begin = Int(units[node] & 0x7FFF_FFFF)
            guard begin < texts.count else { return begin == texts.count ? [] : nil }
            if ScalarReader.isContinuation(texts[begin]) { return nil }
            return texts[begin..<(texts[begin...].firstIndex(of: 0) ?? texts.count)]
        }
        return nil
    }

    /// Where the children of a node are, by exclusive or with its own place.
    private static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
    }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
    /// The bytes that `text` stands for, nil where it is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 4 * 3)
        var (bits, count): (UInt32, Int) = (0, 0)
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        for digit in digits {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = digit - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return text.utf8.count % 4 == 0 && text.utf8.count - digits.count <= 2 ? bytes : nil
    }
}
