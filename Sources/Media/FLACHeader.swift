/// Reads the stream information of a FLAC file (RFC 9639 section 8) and steps over every other metadata block: pictures and
/// comments can be of any size, and no sample depends on them.
struct FLACHeader {
    private static let informationBytes = 34

    static func recognises(_ bytes: ByteReader, at start: Int = 0) -> Bool { bytes.has("fLaC", at: start) }

    /// - Parameter start: where the marker is; a tag may come before it.
    static func read(_ bytes: ByteReader, at start: Int) throws(MediaError) -> AudioHeader {
        guard let first = bytes.byte(start + 4), first & 0x7F == 0,
            let information = bytes.slice(start + 8, informationBytes)
        else { throw damaged("its stream information is missing or cut") }
        var block = start + 4
        while let type = bytes.byte(block), let length = uint24(bytes, block + 1) {
            block += 4 + length
            guard type & 0x80 == 0 else { break }
        }
        guard block < bytes.count else { throw damaged("it ends before its first sample") }
        let fields = ByteReader(information)
        guard let high = fields.uint32(10), let low = fields.uint32(14) else { throw damaged("it is cut") }
        let total = (high & 0xF) << 32 | low
        // Marker and stream information, marked as the last block.
        let head = Array("fLaC".utf8) + [0x80, 0, 0, UInt8(informationBytes)] + information
        return AudioHeader(
            format: .flac, channels: (high >> 9 & 7) + 1, sampleRate: high >> 12, frames: total == 0 ? nil : total,
            head: head, body: block..<bytes.count)
    }

    private static func damaged(_ reason: String) -> MediaError { .undecodableAudio(format: .flac, reason: reason) }

    private static func uint24(_ bytes: ByteReader, _ offset: Int) -> Int? {
        guard let high = bytes.byte(offset), let low = bytes.uint16(offset + 1) else { return nil }
        return high << 16 | low
    }
}
