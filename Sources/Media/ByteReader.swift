import Glibc

/// Reads integers out of bytes that nobody vouches for: every access says nil where the bytes end.
struct ByteReader {
    enum Order { case big, little }

    private let bytes: UnsafeRawBufferPointer
    let order: Order

    /// `bytes` must outlive the reader; all readers here live inside one `withUnsafeBytes`.
    init(_ bytes: UnsafeRawBufferPointer, order: Order = .big) {
        self.bytes = bytes
        self.order = order
    }

    var count: Int { bytes.count }

    /// The same bytes up to `count`, which is no more than there are.
    func upTo(_ count: Int) -> ByteReader {
        ByteReader(UnsafeRawBufferPointer(rebasing: bytes.prefix(max(0, count))), order: order)
    }

    func byte(_ offset: Int) -> Int? {
        guard offset >= 0, offset < bytes.count else { return nil }
        return Int(bytes[offset])
    }

    func uint16(_ offset: Int) -> Int? {
        guard let first = byte(offset), let second = byte(offset + 1) else { return nil }
        return order == .big ? first << 8 | second : second << 8 | first
    }

    func uint24(_ offset: Int) -> Int? {
        guard let first = byte(offset), let rest = uint16(offset + 1) else { return nil }
        return order == .big ? first << 16 | rest : rest << 8 | first
    }

    func uint32(_ offset: Int) -> Int? {
        guard let first = uint16(offset), let second = uint16(offset + 2) else { return nil }
        return order == .big ? first << 16 | second : second << 16 | first
    }

    /// Nil too of a number that `Int` does not hold.
    func uint64(_ offset: Int) -> Int? {
        guard let first = uint32(offset), let second = uint32(offset + 4) else { return nil }
        let (high, low) = order == .big ? (first, second) : (second, first)
        return high < 1 << 31 ? high << 32 | low : nil
    }

    /// The part from `offset` of `length` bytes, nil unless all of it is there.
    func slice(_ offset: Int, _ length: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, length >= 0, offset <= bytes.count, length <= bytes.count - offset else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }

    /// Where that byte is next, from `offset` on.
    func index(of byte: UInt8, from offset: Int) -> Int? {
        guard let base = bytes.baseAddress, offset >= 0, offset < bytes.count else { return nil }
        // `offset` lies within the bytes, and as many are looked at as are behind it.
        return memchr(base + offset, Int32(byte), bytes.count - offset).map { UnsafeRawPointer($0) - base }
    }

    /// Where that text, of at least two bytes, is next, from `offset` on; in time that grows with the way to it alone.
    func index(of text: StaticString, from offset: Int) -> Int? {
        let (first, second) = (text.utf8Start[0], text.utf8Start[1])
        var place = max(0, offset)
        while place + 1 < bytes.count {
            if bytes[place] == first, bytes[place + 1] == second, has(text, at: place) { return place }
            place += 1
        }
        return nil
    }

    /// Whether the bytes from `offset` begin with `text`.
    func has(_ text: StaticString, at offset: Int) -> Bool {
        has(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), at: offset)
    }

    /// Whether the bytes from `offset` begin with `pattern`.
    func has(_ pattern: [UInt8], at offset: Int) -> Bool {
        pattern.withUnsafeBytes { has($0, at: offset) }
    }

    private func has(_ pattern: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard let part = slice(offset, pattern.count) else { return false }
        return part.elementsEqual(pattern)
    }
}
