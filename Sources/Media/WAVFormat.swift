/// The format chunk of a RIFF/WAVE file: how its samples are written.
struct WAVFormat: Equatable {
    enum Coding: Int {
        case pcm = 1
        case float = 3
        case aLaw = 6
        case muLaw = 7
    }

    let coding: Coding
    let channels, sampleRate: Int
    /// Bits of a sample that mean something, in the `sampleBytes` that it takes.
    let bits: Int
    let sampleBytes: Int
    var frameBytes: Int { channels * sampleBytes }

    /// Reads the chunk whose content is at `start`.
    ///
    /// How many bytes a sample takes follows from those of a frame, where both are told: 24 bits may stand in four bytes, 20 in
    /// three, 12 in two. Programs that leave the bytes of a frame at 0 mean the fewest that do.
    ///
    /// - Parameter bytes: little-endian.
    init(_ bytes: ByteReader, _ start: Int, _ length: Int) throws(MediaError) {
        guard length >= 16, var tag = bytes.uint16(start), let channels = bytes.uint16(start + 2),
            let rate = bytes.uint32(start + 4), let frameBytes = bytes.uint16(start + 12),
            let bits = bytes.uint16(start + 14)
        else { throw .undecodableAudio(format: .wav, reason: "its format chunk is too short") }
        // WAVE_FORMAT_EXTENSIBLE: the first two bytes of a GUID are the tag.
        if tag == 0xFFFE, length >= 26, let first = bytes.uint16(start + 24) { tag = first }
        guard let coding = Coding(rawValue: tag) else {
            throw .unsupportedAudio(found: "WAV audio in \(Self.name(tag))")
        }
        let fewest = coding == .pcm || coding == .float ? (bits + 7) / 8 : 1
        let sampleBytes = frameBytes == 0 ? fewest : frameBytes / max(1, channels)
        let isPossible =
            switch coding {
            case .pcm: (1...4).contains(sampleBytes) && bits > 0 && fewest <= sampleBytes
            case .float: [4, 8].contains(sampleBytes) && fewest == sampleBytes
            case .aLaw, .muLaw: sampleBytes == 1
            }
        guard isPossible, channels > 0, frameBytes == 0 || frameBytes == channels * sampleBytes else {
            throw .undecodableAudio(
                format: .wav, reason: "\(channels) channels of \(bits) bits do not make frames of \(frameBytes) bytes")
        }
        (self.coding, self.channels, sampleRate, self.bits, self.sampleBytes) = (
            coding, channels, rate, bits, sampleBytes
        )
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

    /// What samples of 24 bits in four bytes have to be multiplied by: 1 where they stand in the upper three, as the standard has
    /// it, and 256 where they stand in the lower three with their sign in the fourth (ALSA's S24_LE). The bytes tell which.
    func gain(of samples: Range<Int>, in bytes: ByteReader) -> Float {
        guard coding == .pcm, sampleBytes == 4, bits == 24, let part = bytes.slice(samples.lowerBound, samples.count)
        else { return 1 }
        var isUpper = true
        for place in stride(from: 0, to: part.count - 3, by: 4) {
            if part[place] != 0 { isUpper = false }
            guard part[place + 3] == (part[place + 2] & 0x80 == 0 ? 0 : 0xFF) else { return 1 }
        }
        return isUpper ? 1 : 256
    }

    /// The 44 bytes that the decoder reads instead of those in the file.
    func head(dataBytes: Int) -> [UInt8] {
        var head: [UInt8] = Array("RIFF".utf8)
        func little(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        head += little(36 + dataBytes, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
        head += little(coding.rawValue, 2) + little(channels, 2) + little(sampleRate, 4)
        head += little(sampleRate * frameBytes, 4) + little(frameBytes, 2)
        return head + little(8 * sampleBytes, 2) + Array("data".utf8) + little(dataBytes, 4)
    }
}
