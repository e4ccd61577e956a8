import Media
import Testing

@Suite struct `Sounds` {
    /// Name, format, channels, rate. The lossy decoders are other versions of the same code on the golden side.
    private static let files: [(String, AudioFormat, Int, Int, Float)] = [
        ("voice.flac", .flac, 2, 44_100, 1e-6),
        ("voice.ogg", .ogg, 2, 44_100, 1e-5),
        ("voice.opus", .opus, 2, 48_000, 1e-4),
        ("voice.mp3", .mp3, 2, 44_100, 1e-5),
        ("low-rate.mp3", .mp3, 1, 22_050, 1e-5),
        ("speech-8k-alaw.wav", .wav, 1, 8_000, 1e-6),
        ("speech-8k-mulaw.wav", .wav, 1, 8_000, 1e-6),
    ]

    @Test(arguments: files)
    func `become the samples that training saw`(
        name: String, format: AudioFormat, channels: Int, rate: Int, tolerance: Float
    ) throws {
        let bytes = try AudioFixtures.bytes(name)
        let header = try AudioDecoder.header(of: bytes)
        #expect(header.format == format && header.channels == channels && header.sampleRate == rate)
        let clip = try AudioDecoder.decode(bytes, sampleRate: 16_000)
        let golden = try AudioFixtures.golden(name)
        #expect(clip.samples.count == golden.count)
        let every = stride(from: 0, to: clip.samples.count, by: 7).map { clip.samples[$0] }
        let difference = every.largestDifference(from: golden.everySeventh)
        #expect(difference <= tolerance, "\(difference)")
        let seconds = try #require(header.seconds)
        #expect(abs(seconds - clip.seconds) < 0.08, "\(seconds) \(clip.seconds)")
        #expect(
            clip.samples.count * 4 < AudioDecoder.memoryNeeded(for: header, limits: AudioLimits(), sampleRate: 16_000))
    }

    @Test func `of every integer and float size are the same sound`() throws {
        let tone = WAVBytes.tone()
        func integers(_ bytes: Int) -> [UInt8] {
            let scale = Float(1 << (8 * bytes - 1))
            let offset = bytes == 1 ? 128 : 0
            return tone.flatMap { WAVBytes.little(Int(($0 * scale).rounded()) + offset, bytes) }
        }
        let doubles = tone.flatMap { WAVBytes.little(Int(bitPattern: UInt(Double($0).bitPattern)), 8) }
        let cases: [(Int, Int, [UInt8], Float)] = [
            (1, 8, integers(1), 0.005), (1, 16, integers(2), 2e-5), (1, 24, integers(3), 1e-6),
            (1, 32, integers(4), 1e-6), (3, 32, WAVBytes.float32(tone), 0), (3, 64, doubles, 0),
        ]
        for (tag, bits, data, tolerance) in cases {
            let file = WAVBytes.file(WAVBytes.format(tag, bits: bits), WAVBytes.chunk("data", data))
            let difference = try samples(file).largestDifference(from: tone)
            #expect(difference <= tolerance, "\(bits) bits: \(difference)")
        }
    }

    @Test func `of an extensible format are read by the format inside`() throws {
        let tone = WAVBytes.tone()
        let guid = WAVBytes.little(1, 2) + [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        let format = WAVBytes.format(0xFFFE).dropFirst(8) + WAVBytes.little(22, 2) + WAVBytes.little(16, 2)
        let extensible = WAVBytes.chunk("fmt ", format + [4, 0, 0, 0] + guid)
        let data = WAVBytes.chunk("data", WAVBytes.pcm16(tone))
        #expect(try samples(WAVBytes.file(extensible, data)) == samples(WAVBytes.file(WAVBytes.format(), data)))
    }

    @Test func `of several channels are mixed by their mean`() throws {
        let tone = WAVBytes.tone()
        for channels in [2, 3, 6, 8] {
            let interleaved = tone.flatMap { value in (0..<channels).map { value * Float($0) } }
            let file = WAVBytes.file(
                WAVBytes.format(3, channels: channels, bits: 32), WAVBytes.chunk("data", WAVBytes.float32(interleaved)))
            let expected = tone.map { $0 * Float(channels - 1) / 2 }
            #expect(try samples(file).largestDifference(from: expected) < 1e-6, "\(channels)")
        }
    }

    @Test(arguments: [4_000, 8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
    func `of any rate last as long at the rate wanted`(rate: Int) throws {
        let tone = WAVBytes.tone(rate / 5, rate: rate)
        let file = WAVBytes.file(WAVBytes.format(rate: rate), WAVBytes.chunk("data", WAVBytes.pcm16(tone)))
        let clip = try AudioDecoder.decode(file, sampleRate: 16_000)
        #expect(abs(clip.samples.count - 3_200) <= 1)
        let middle = clip.samples[800..<2_400]
        let expected = WAVBytes.tone(3_200)[800..<2_400]
        #expect(Array(middle).largestDifference(from: Array(expected)) < 0.01)
    }

    @Test func `that are silent or stand at full scale are sounds`() throws {
        for level in [Float(0), 1] {
            let data = WAVBytes.float32([Float](repeating: level, count: 1_000))
            let file = WAVBytes.file(WAVBytes.format(3, bits: 32), WAVBytes.chunk("data", data))
            #expect(try samples(file) == [Float](repeating: level, count: 1_000))
        }
    }

    @Test func `with values too small to matter become still`() throws {
        let data = WAVBytes.float32([Float](repeating: .leastNonzeroMagnitude, count: 1_000))
        let file = WAVBytes.file(WAVBytes.format(3, bits: 32), WAVBytes.chunk("data", data))
        #expect(try samples(file) == [Float](repeating: 0, count: 1_000))
    }

    @Test(arguments: ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3"])
    func `on many threads give one answer`(file: String) async throws {
        let bytes = try AudioFixtures.bytes(file)
        let answers = try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<24 {
                group.addTask { try AudioDecoder.decode(bytes, sampleRate: 16_000).samples }
            }
            return try await group.reduce(into: Set<[Float]>()) { $0.insert($1) }
        }
        #expect(answers.count == 1)
    }

    @Test func `are decoded by the libraries of this system, all of them`() {
        for format in AudioFormat.allCases { #expect(format.isAvailable, "\(format)") }
    }

    private func samples(_ file: [UInt8]) throws -> [Float] {
        try AudioDecoder.decode(file, sampleRate: 16_000).samples
    }
}
