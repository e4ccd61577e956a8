/// The header of an Ogg page (RFC 3533 section 6).
struct OggPage {
    /// Where it begins in the file, and where the next one does.
    let range: Range<Int>
    /// Where its packets begin.
    let body: Int
    let serial: Int
    let sequence: Int
    /// The position of the last packet that ends on the page; nil where none does.
    let position: Int?
    /// Whether it begins a stream, or ends one.
    let isFirst, isLast: Bool
    /// Whether it begins within a packet.
    let isContinued: Bool
    /// Bytes of each segment; a packet ends with one of less than 255.
    let segments: UnsafeRawBufferPointer

    /// - Parameter bytes: little-endian. Nil where no page begins at `offset`, or the file ends before it does.
    init?(_ bytes: ByteReader, at offset: Int) {
        guard bytes.has("OggS", at: offset), bytes.byte(offset + 4) == 0, let flags = bytes.byte(offset + 5),
            let low = bytes.uint32(offset + 6), let high = bytes.uint32(offset + 10),
            let serial = bytes.uint32(offset + 14), let sequence = bytes.uint32(offset + 18),
            let count = bytes.byte(offset + 26), let segments = bytes.slice(offset + 27, count)
        else { return nil }
        body = offset + 27 + count
        let length = segments.reduce(0) { $0 + Int($1) }
        guard bytes.slice(body, length) != nil else { return nil }
        range = offset..<body + length
        position = high < 1 << 31 ? high << 32 | low : nil
        (isContinued, isFirst, isLast) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
        (self.serial, self.sequence, self.segments) = (serial, sequence, segments)
    }

    /// How many packets end on it.
    var packetsEnded: Int { segments.count { $0 < 255 } }

    /// Where packets begin on it.
    func packetStarts() -> [Int] {
        var starts: [Int] = []
        var place = body
        var isStart = !isContinued
        for segment in segments {
            if isStart { starts.append(place) }
            place += Int(segment)
            isStart = segment < 255
        }
        return starts
    }
}
