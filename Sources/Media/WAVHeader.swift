/// Walks the chunks of a RIFF/WAVE or RF64 file to its format and its samples.
///
/// Lengths are believed only as far as there are bytes: recorders that were cut off, and programs that write to a pipe, leave
/// lengths of 0xFFFFFFFF or whatever the plan was. The decoder gets a header written here and the samples, nothing else.
struct WAVHeader {
    private enum Coding: Int {
        case pcm = 1
        case float = 3
        case aLaw = 6
        case muLaw = 7

        func takes(bits: Int) -> Bool {
            switch self {
            case .pcm: [8, 16, 24, 32].contains(bits)
            case .float: [32, 64].contains(bits)
            case .aLaw, .muLaw: bits == 8
            }
        }
    }

    private struct Format {
        let coding: Coding
        let channels, sampleRate, bits: Int
        var frameBytes: Int { channels * bits / 8 }
    }

    static func recognises(_ bytes: ByteReader) -> Bool {
        (bytes.has("RIFF", at: 0) || bytes.has("RF64", at: 0)) && bytes.has("WAVE", at: 8)
    }

    /// - Parameter bytes: little-endian, of a file that is recognised.
    static func read(_ bytes: ByteReader) throws(MediaError) -> AudioHeader {
        var format: Format?
        var samples: Range<Int>?
        var offset = 12
        while samples == nil || format == nil, let length = bytes.uint32(offset + 4) {
            let content = offset + 8
            let end = min(content + length, bytes.count)
            if bytes.has("fmt ", at: offset) {
                guard format == nil else { throw damaged("its format is declared twice") }
                format = try readFormat(bytes, content, end - content)
            } else if bytes.has("data", at: offset), samples == nil {
                samples = content..<end
            }
            offset = next(bytes, after: content + length)
        }
        guard let format else { throw damaged("it has no format chunk") }
        guard let samples else { throw damaged("it has no data chunk") }
        let frames = samples.count / format.frameBytes
        let count = frames * format.frameBytes
        guard count < 1 << 32 - 100 else { throw .audioTooLong(reason: "it has \(count) bytes of samples") }
        return AudioHeader(
            format: .wav, channels: format.channels, sampleRate: format.sampleRate, frames: frames,
            head: head(format, dataBytes: count), body: samples.lowerBound..<samples.lowerBound + count)
    }

    private static func damaged(_ reason: String) -> MediaError { .undecodableAudio(format: .wav, reason: reason) }

    /// Chunks begin at even offsets; some programs forget the byte between.
    private static func next(_ bytes: ByteReader, after end: Int) -> Int {
        guard end % 2 == 1 else { return end }
        return isName(bytes, at: end + 1) || !isName(bytes, at: end) ? end + 1 : end
    }

    private static func isName(_ bytes: ByteReader, at offset: Int) -> Bool {
        bytes.slice(offset, 4)?.allSatisfy { (0x20...0x7E).contains($0) } ?? false
    }

    private static func readFormat(_ bytes: ByteReader, _ start: Int, _ length: Int) throws(MediaError) -> Format {
        guard length >= 16, var tag = bytes.uint16(start), let channels = bytes.uint16(start + 2),
            let rate = bytes.uint32(start + 4), let frameBytes = bytes.uint16(start + 12),
            let bits = bytes.uint16(start + 14)
        else { throw damaged("its format chunk is too short") }
        // WAVE_FORMAT_EXTENSIBLE: the first two bytes of a GUID are the tag.
        if tag == 0xFFFE, length >= 40, let first = bytes.uint16(start + 24) { tag = first }
        guard let coding = Coding(rawValue: tag) else { throw .unsupportedAudio(found: "WAV audio in \(name(tag))") }
        guard coding.takes(bits: bits), frameBytes == channels * bits / 8, frameBytes > 0 else {
            throw damaged("\(channels) channels of \(bits) bits do not make frames of \(frameBytes) bytes")
        }
        return Format(coding: coding, channels: channels, sampleRate: rate, bits: bits)
    }

    private static func name(_ tag: Int) -> String {
        switch tag {
        case 2: "Microsoft ADPCM"
        case 0x11: "IMA ADPCM"
        case 0x31: "GSM 6.10"
        case 0x50: "MPEG layer II"
        case 0x55: "MP3"
        case 0xFF, 0x1610: "AAC"
        case 0x161, 0x162, 0x163: "Windows Media Audio"
        case 0x2000: "AC-3"
        default: "a coding that is not read (number \(tag))"
        }
    }

    /// The 44 bytes that the decoder reads instead of those in the file.
    private static func head(_ format: Format, dataBytes: Int) -> [UInt8] {
        var head: [UInt8] = Array("RIFF".utf8)
        func little(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        head += little(36 + dataBytes, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
        head += little(format.coding.rawValue, 2) + little(format.channels, 2) + little(format.sampleRate, 4)
        head += little(format.sampleRate * format.frameBytes, 4) + little(format.frameBytes, 2)
        return head + little(format.bits, 2) + Array("data".utf8) + little(dataBytes, 4)
    }
}
