import Media
import Testing

/// Files that were joined, and streams that were chained: what is heard is compared with what is in the file.
@Suite struct `Sounds that follow each other in one file` {
    private func samples(_ bytes: [UInt8]) throws -> [Float] {
        try AudioDecoder.decode(bytes, sampleRate: 16_000).samples
    }

    private static let id3v1 = Array("TAG".utf8) + [UInt8](repeating: 0x41, count: 125)
    private static let id3v2 = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]
    private static let lyrics = Array("LYRICSBEGINla la la000019LYRICS200".utf8)
    private static let ape =
        Array("APETAGEX".utf8) + WAVBytes.little(2_000, 4) + WAVBytes.little(36, 4) + WAVBytes.little(1, 4)
        + WAVBytes.little(0xA000_0000, 4) + [UInt8](repeating: 0, count: 8 + 4) + Array("APETAGEX".utf8)
        + WAVBytes.little(2_000, 4) + WAVBytes.little(36, 4) + WAVBytes.little(1, 4) + WAVBytes.little(0x8000_0000, 4)
        + [UInt8](repeating: 0, count: 8)

    /// Files in the order in which they are joined, and what stands between them.
    private static let joined: [([String], [UInt8])] = [
        (["voice.flac", "voice.flac"], []), (["voice.flac", "voice.flac"], id3v1 + id3v2),
        (["voice.ogg", "voice.ogg"], []), (["voice.opus", "voice.opus"], []), (["voice.ogg", "voice.opus"], []),
        (["voice.opus", "voice.ogg", "voice.opus"], []), (["voice.mp3", "voice.mp3"], []),
        (["voice.mp3", "voice.mp3"], id3v1 + id3v2), (["voice.mp3", "low-rate.mp3", "voice.mp3"], []),
        (["voice.mp3", "voice.mp3", "voice.mp3"], lyrics + id3v1), (["voice.mp3", "voice.mp3"], ape),
        (["low-rate.mp3", "voice.mp3"], id3v2), (["speech-8k-alaw.wav", "speech-8k-mulaw.wav"], []),
    ]

    @Test(arguments: joined)
    func `are all heard`(names: [String], between: [UInt8]) throws {
        let files = try names.map(AudioFixtures.bytes)
        let file = Array(files.joined(separator: between)) + between
        let header = try AudioDecoder.header(of: file)
        #expect(header.streamCount == names.count)
        #expect(header.unreadBytes == 0 && header.missingSeconds == 0)
        let parts = try files.map(samples)
        let whole = try samples(file)
        #expect(abs(whole.count - parts.reduce(0) { $0 + $1.count }) <= 2 * names.count)
        // The seams aside, where the resampler sees what follows, each is what it is alone.
        var start = 0
        for part in parts {
            let inside = 200..<part.count - 200
            let found = inside.map { whole[min(start + $0, whole.count - 1)] }
            #expect(found.largestDifference(from: Array(part[inside])) < 0.02, "at \(start)")
            start += part.count
        }
    }

    @Test func `of WAV are heard whatever their codings are`() throws {
        let tone = WAVBytes.tone()
        let integers = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", WAVBytes.pcm16(tone)))
        let floats = WAVBytes.file(
            WAVBytes.chunk("LIST", [1, 2, 3, 4]), WAVBytes.format(3, bits: 32),
            WAVBytes.chunk("data", WAVBytes.float32(tone.map { ($0 * 32_768).rounded() })),
            WAVBytes.chunk("id3 ", [1, 2]))
        let whole = try samples(floats + integers + floats)
        #expect(whole.count == 4_800)
        let expected = Array(repeating: tone, count: 3).flatMap { $0 }
        #expect(whole.largestDifference(from: expected) < 1e-4)
    }

    @Test func `of WAV follow each other at odd places too`() throws {
        let data = (0..<1_601).map { UInt8($0 / 40 % 2 * 100 + 78) }
        let odd = WAVBytes.file(WAVBytes.format(bits: 8), Array(WAVBytes.chunk("data", data).prefix(8 + data.count)))
        let padded = WAVBytes.file(WAVBytes.format(bits: 8), WAVBytes.chunk("data", data))
        for file in [odd + odd, padded + padded, odd + padded] {
            #expect(try samples(file).count == 3_202)
            #expect(try AudioDecoder.header(of: file).unreadBytes == 0)
        }
    }

    @Test(arguments: [0, 0xFFFF_FFFF, 0x7FFF_F000])
    func `of WAV are told apart where the first has no length`(length: Int) throws {
        let data = WAVBytes.chunk("data", WAVBytes.pcm16(WAVBytes.tone()), length: length)
        let piped = WAVBytes.file(WAVBytes.format(), data, length: length)
        let header = try AudioDecoder.header(of: piped + piped + piped)
        #expect(header.streamCount == 3 && header.missingSeconds == 0)
        #expect(try samples(piped + piped + piped) == samples(piped) + samples(piped) + samples(piped))
    }

    @Test func `without an encoder's notes are one stream, all of which is heard`() throws {
        let bytes = try AudioFixtures.bytes("no-xing.mp3")
        let header = try AudioDecoder.header(of: bytes + bytes)
        #expect(header.streamCount == 1)
        let (once, twice) = (try samples(bytes).count, try samples(bytes + bytes).count)
        #expect(abs(twice - 2 * once) < 500, "\(once) \(twice)")
        // Notes of the first file count its own frames alone.
        let noted = try AudioFixtures.bytes("voice.mp3")
        #expect(try samples(noted + bytes).count >= samples(noted).count + once)
    }

    @Test(arguments: ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3", "no-xing.mp3", "speech-8k-alaw.wav"])
    func `count together against the limit, by their headers`(name: String) throws {
        let bytes = try AudioFixtures.bytes(name)
        let limits = AudioLimits(maxSeconds: 0.4)
        #expect(audioRefusal(of: bytes, limits: limits) == nil)
        expectAudioRefusal(bytes + bytes, "audio_too_long", saying: "seconds long", limits: limits)
        #expect(try AudioDecoder.header(of: bytes + bytes).seconds ?? 0 >= 0.49)
    }

    @Test(arguments: ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3", "speech-8k-alaw.wav"])
    func `are not without number`(name: String) throws {
        let bytes = try AudioFixtures.bytes(name)
        #expect(try AudioDecoder.header(of: Array(repeatElement(bytes, count: 256).joined())).streamCount == 256)
        expectAudioRefusal(Array(repeatElement(bytes, count: 257).joined()), "undecodable_audio", saying: "256")
    }

    @Test func `in Ogg do not run at once`() throws {
        var (first, second) = (
            OggBytes(try AudioFixtures.bytes("voice.ogg")), OggBytes(try AudioFixtures.bytes("voice.opus"))
        )
        for index in second.pages.indices { second.pages[index].setSerial(7) }
        let begins = [first.pages.removeFirst(), second.pages.removeFirst()]
        first.pages = begins + first.pages + second.pages
        expectAudioRefusal(first.file, "undecodable_audio", saying: "at once")
    }

    @Test func `in Ogg may stand behind a skeleton, and beside subtitles`() throws {
        let plain = try AudioFixtures.bytes("voice.ogg")
        var ogg = OggBytes(plain)
        let skeleton = OggBytes.begin(Array("fishead\0".utf8) + [UInt8](repeating: 0, count: 56), serial: 77)
        let kate = OggBytes.begin([0x80] + Array("kate\0\0\0".utf8) + [UInt8](repeating: 0, count: 56), serial: 78)
        ogg.pages = [skeleton, ogg.pages[0], kate] + ogg.pages.dropFirst()
        #expect(try samples(ogg.file) == samples(plain))
        let theora = OggBytes.begin([0x80] + Array("theora".utf8) + [UInt8](repeating: 0, count: 40), serial: 79)
        ogg.pages.insert(theora, at: 1)
        expectAudioRefusal(ogg.file, "unsupported_media_type", saying: "Theora")
    }

    @Test func `in Ogg begin where the recording did`() throws {
        let plain = try AudioFixtures.bytes("voice.ogg")
        let middle = OggBytes(plain).pages.last.map(\.bytes) ?? []
        let header = try AudioDecoder.header(of: middle + plain)
        #expect(header.unreadBytes == middle.count && header.streamCount == 1)
        #expect(try samples(middle + plain) == samples(plain))
        expectAudioRefusal(middle, "undecodable_audio", saying: "within a stream")
    }

    @Test(arguments: [("voice.ogg", 44_100), ("voice.opus", 48_000)])
    func `in Ogg have positions that begin anywhere`(name: String, rate: Int) throws {
        let plain = try AudioFixtures.bytes(name)
        var late = OggBytes(plain)
        // An hour of a live stream went before. Of a stream of one page the end and the beginning cannot be told apart.
        for index in late.pages.indices.dropFirst(2) {
            late.pages[index].setPosition(late.pages[index].position + 3_600 * rate)
            late.pages[index].flags &= ~4
        }
        let header = try AudioDecoder.header(of: late.file)
        #expect(header.seconds ?? 0 < 0.4)
        #expect(abs(try samples(late.file).count - samples(plain).count) < 400)
    }
}
