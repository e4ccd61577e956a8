/// Walks the frames of an MPEG layer III stream (ISO/IEC 11172-3, 13818-3): each tells its own length, so that the length of
/// the whole is counted rather than believed.
///
/// The decoder guesses the length of a stream that has no frame with an encoder's notes, and stops there: such a stream gets a
/// frame of notes in front, with the length counted here.
struct MP3Header {
    /// What the four bytes before a frame tell.
    struct Frame: Equatable {
        let bytes, samples, sampleRate, channels: Int
        /// Bytes between the frame's header and its data: where an encoder's own tag would stand.
        let sideBytes: Int

        init?(_ reader: ByteReader, at offset: Int) {
            guard let sync = reader.uint16(offset), sync >> 5 == 0x7FF, let third = reader.byte(offset + 2),
                let fourth = reader.byte(offset + 3)
            else { return nil }
            let version = sync >> 3 & 3  // 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5
            let rates = [44_100, 48_000, 32_000]
            let rateIndex = third >> 2 & 3
            let bitRateIndex = third >> 4
            // Layer III; no free format, whose frames do not tell their length.
            guard version != 1, sync >> 1 & 3 == 1, rateIndex < 3, (1...14).contains(bitRateIndex) else { return nil }
            let isFirst = version == 3
            let bitRate = (isFirst ? Self.bitRates : Self.lowBitRates)[bitRateIndex - 1] * 1_000
            sampleRate = rates[rateIndex] >> (isFirst ? 0 : version == 2 ? 1 : 2)
            samples = isFirst ? 1_152 : 576
            bytes = samples / 8 * bitRate / sampleRate + (third >> 1 & 1)
            channels = fourth >> 6 == 3 ? 1 : 2
            sideBytes = isFirst ? (channels == 1 ? 17 : 32) : (channels == 1 ? 9 : 17)
        }

        private static let bitRates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
        private static let lowBitRates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
    }

    /// How far damage may reach before a file is given up, in bytes.
    private static let searched = 64 << 10

    /// Where the bytes behind any ID3v2 tags begin.
    static func behindTags(_ bytes: ByteReader) -> Int {
        var offset = 0
        while bytes.has("ID3", at: offset), let flags = bytes.byte(offset + 5), let size = bytes.uint32(offset + 6) {
            // Seven bits of each byte.
            let length = size & 0x7F | size >> 1 & 0x3F80 | size >> 2 & 0x1F_C000 | size >> 3 & 0xFE0_0000
            offset += 10 + length + (flags & 0x10 == 0 ? 0 : 10)
        }
        return offset
    }

    /// Whether layer III begins at `start`, as far as a few bytes tell.
    static func recognises(_ bytes: ByteReader, at start: Int) -> Bool { Frame(bytes, at: start) != nil }

    /// - Parameter start: where the bytes behind tags begin.
    static func read(_ bytes: ByteReader, at start: Int) throws(MediaError) -> AudioHeader {
        guard let begin = find(bytes, from: start), let first = Frame(bytes, at: begin) else {
            throw .undecodableAudio(format: .mp3, reason: "no frame of layer III was found")
        }
        // The first frame may hold an encoder's notes instead of sound.
        let tag = begin + 4 + first.sideBytes
        let isNote = bytes.has("Xing", at: tag) || bytes.has("Info", at: tag) || bytes.has("VBRI", at: begin + 36)
        var samples = isNote ? -first.samples : 0
        var offset = begin
        while offset < bytes.count {
            if let frame = Frame(bytes, at: offset), frame.sampleRate == first.sampleRate {
                samples += frame.samples
                offset += frame.bytes
            } else if let next = find(bytes, from: offset + 1) {
                offset = next
            } else {
                break
            }
        }
        let count = max(0, samples)
        return AudioHeader(
            format: .mp3, channels: first.channels, sampleRate: first.sampleRate, frames: count,
            head: isNote ? [] : notes(bytes, at: begin, first, frames: count / first.samples), body: begin..<bytes.count
        )
    }

    /// A frame like the first one at `start`, without sound, that tells how many frames follow.
    private static func notes(_ bytes: ByteReader, at start: Int, _ first: Frame, frames: Int) -> [UInt8] {
        guard let second = bytes.byte(start + 1), let third = bytes.byte(start + 2), let fourth = bytes.byte(start + 3)
        else { return [] }
        // No checksum (bit 0 of the second byte); 80 or 128 kbit/s, long enough for the notes at every rate.
        let header = [0xFF, second | 1, third & 0x0C | 0x90, fourth].map { UInt8($0) }
        guard let frame = header.withUnsafeBytes({ Frame(ByteReader($0), at: 0) }) else { return [] }
        let count = (0..<4).map { UInt8(truncatingIfNeeded: frames >> (24 - 8 * $0)) }
        let notes = [UInt8](repeating: 0, count: first.sideBytes) + Array("Xing".utf8) + [0, 0, 0, 1] + count
        return header + notes + [UInt8](repeating: 0, count: frame.bytes - header.count - notes.count)
    }

    /// The next place where two frames of a kind follow each other, or one ends the file.
    private static func find(_ bytes: ByteReader, from start: Int) -> Int? {
        let end = min(bytes.count, start + searched)
        guard start < end else { return nil }
        return (start..<end).first { offset in
            guard let frame = Frame(bytes, at: offset) else { return false }
            let next = offset + frame.bytes
            guard next < bytes.count else { return next == bytes.count }
            return Frame(bytes, at: next).map { $0.sampleRate == frame.sampleRate } ?? false
        }
    }
}
