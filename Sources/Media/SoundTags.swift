/// Finds what taggers write before, between and behind sounds: ID3v2 (id3.org, 2.4.0 section 3), ID3v1, APE (2.0) and Lyrics3
/// (2.00). None of it is sound.
enum SoundTags {
    /// Where the bytes behind any ID3v2 and APE tags begin, which may be beyond the end.
    static func behindLeading(_ bytes: ByteReader, at start: Int = 0) -> Int {
        var offset = start
        while let length = id3v2(bytes, at: offset)
            ?? (bytes.has("APETAGEX", at: offset) ? ape(bytes, at: offset) : nil)
        {
            offset += length
        }
        return offset
    }

    /// How long the tag at `offset` is; nil where none is there.
    static func length(_ bytes: ByteReader, at offset: Int) -> Int? {
        if let length = id3v2(bytes, at: offset) { return length }
        // Of the title, 30 bytes follow the marker; the tag has 128.
        if bytes.has("TAG", at: offset), bytes.byte(offset + 127) != nil { return 128 }
        if bytes.has("TAG+", at: offset), bytes.byte(offset + 226) != nil { return 227 }
        if bytes.has("APETAGEX", at: offset) { return ape(bytes, at: offset) }
        if bytes.has("LYRICSBEGIN", at: offset) { return lyrics(bytes, at: offset) }
        return nil
    }

    /// Where the bytes before any tags at the end of the file end. One of them tells its length behind it.
    static func beforeTrailing(_ bytes: ByteReader) -> Int {
        var end = bytes.count
        while true {
            if end >= 128, bytes.has("TAG", at: end - 128) {
                end -= 128
            } else if end >= 32, bytes.has("APETAGEX", at: end - 32), let fields = bytes.slice(end - 20, 12) {
                let size = (0..<4).reduce(0) { $0 | Int(fields[$1]) << (8 * $1) } + (fields[11] & 0x80 == 0 ? 0 : 32)
                guard size >= 32, size <= end else { return end }
                end -= size
            } else if end >= 15, bytes.has("LYRICS200", at: end - 9), let digits = bytes.slice(end - 15, 6),
                let size = Int(String(decoding: digits, as: UTF8.self)), size >= 0, size <= end - 15
            {
                end -= size + 15
            } else {
                return end
            }
        }
    }

    private static func id3v2(_ bytes: ByteReader, at offset: Int) -> Int? {
        guard bytes.has("ID3", at: offset), let flags = bytes.byte(offset + 5),
            let size = bigEndian(bytes, offset + 6)
        else { return nil }
        // Seven bits of each byte.
        let length = size & 0x7F | size >> 1 & 0x3F80 | size >> 2 & 0x1F_C000 | size >> 3 & 0xFE0_0000
        return 10 + length + (flags & 0x10 == 0 ? 0 : 10)
    }

    private static func bigEndian(_ bytes: ByteReader, _ offset: Int) -> Int? {
        bytes.slice(offset, 4).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    /// The size that an APE tag tells counts its items and its footer, not its header.
    private static func ape(_ bytes: ByteReader, at offset: Int) -> Int? {
        guard let fields = bytes.slice(offset + 12, 12) else { return nil }
        let size = (0..<4).reduce(0) { $0 | Int(fields[$1]) << (8 * $1) }
        let isHeader = fields[11] & 0x20 != 0
        return isHeader ? min(32 + size, bytes.count - offset) : 32
    }

    private static func lyrics(_ bytes: ByteReader, at offset: Int) -> Int? {
        // Lyrics of version 1 have 5,100 bytes at most; those of version 2 tell their length behind them, in six digits.
        let end = min(bytes.count - 9, offset + 1_000_000)
        guard offset < end else { return nil }
        return (offset..<end).first { bytes.has("LYRICS200", at: $0) || bytes.has("LYRICSEND", at: $0) }.map {
            $0 + 9 - offset
        }
    }
}
