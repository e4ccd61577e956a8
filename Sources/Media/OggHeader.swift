/// Reads the first page of an Ogg file (RFC 3533), which tells the codec, and the last, which tells the length.
struct OggHeader {
    static func recognises(_ bytes: ByteReader) -> Bool { bytes.has("OggS", at: 0) }

    /// - Parameter bytes: little-endian, of a file that is recognised.
    static func read(_ bytes: ByteReader) throws(MediaError) -> AudioHeader {
        guard let segments = bytes.byte(26), let serial = bytes.uint32(14), bytes.byte(4) == 0 else {
            throw .unsupportedAudio(found: "an Ogg file whose first page is cut")
        }
        let packet = 27 + segments
        let format: AudioFormat
        let channels, rate, skipped: Int
        if bytes.has("\u{1}vorbis", at: packet) {
            guard let count = bytes.byte(packet + 11), let frequency = bytes.uint32(packet + 12) else {
                throw .undecodableAudio(format: .ogg, reason: "its first page is cut")
            }
            (format, channels, rate, skipped) = (.ogg, count, frequency, 0)
        } else if bytes.has("OpusHead", at: packet) {
            guard let count = bytes.byte(packet + 9), let delay = bytes.uint16(packet + 10) else {
                throw .undecodableAudio(format: .opus, reason: "its first page is cut")
            }
            (format, channels, rate, skipped) = (.opus, count, opusRate, delay)
        } else {
            throw .unsupportedAudio(found: name(bytes, packet))
        }
        let last = lastPosition(bytes, serial: serial)
        return AudioHeader(
            format: format, channels: channels, sampleRate: rate, frames: last.map { max(0, $0 - skipped) }, head: [],
            body: 0..<bytes.count)
    }

    /// Opus counts in 48 kHz whatever was recorded.
    static let opusRate = 48_000

    /// The position that the last page of the stream tells. Pages have at most 65,307 bytes, so it begins near the end.
    private static func lastPosition(_ bytes: ByteReader, serial: Int) -> Int? {
        var offset = bytes.count - 27
        let lowest = max(0, offset - 2 * 65_307)
        while offset > lowest {
            if bytes.has("OggS", at: offset), bytes.uint32(offset + 14) == serial, let low = bytes.uint32(offset + 6),
                let high = bytes.uint32(offset + 10), high < 1 << 31
            {
                return high << 32 | low
            }
            offset -= 1
        }
        return nil
    }

    private static func name(_ bytes: ByteReader, _ packet: Int) -> String {
        if bytes.has("\u{7F}FLAC", at: packet) { return "FLAC in an Ogg file" }
        if bytes.has("Speex   ", at: packet) { return "Speex audio" }
        if bytes.byte(packet) == 0x80, bytes.has("theora", at: packet + 1) { return "an Ogg video (Theora)" }
        return "an Ogg file of another codec"
    }
}
