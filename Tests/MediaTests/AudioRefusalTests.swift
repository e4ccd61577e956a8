import Media
import Testing

@Suite struct `Sounds that lie or are damaged` {
    private static let data = WAVBytes.chunk("data", WAVBytes.pcm16(WAVBytes.tone()))
    private static let plain = WAVBytes.file(WAVBytes.format(), data)

    private func frames(_ bytes: [UInt8]) throws -> Int {
        try AudioDecoder.decode(bytes, sampleRate: 16_000).samples.count
    }

    @Test func `without a format, without samples, or empty`() {
        let format = WAVBytes.format()
        expectAudioRefusal(WAVBytes.file(format, WAVBytes.chunk("data", [])), "audio_too_short", saying: "no samples")
        expectAudioRefusal(WAVBytes.file(format), "undecodable_audio", saying: "no data chunk")
        expectAudioRefusal(WAVBytes.file(Self.data), "undecodable_audio", saying: "no format chunk")
        expectAudioRefusal(Array("RIFF\0\0\0\0WAVE".utf8), "undecodable_audio")
        expectAudioRefusal([], "undecodable_audio", saying: "none")
        expectAudioRefusal([0x41], "undecodable_audio", saying: "only 1")
    }

    @Test func `about their length give what is there`() throws {
        let samples = WAVBytes.pcm16(WAVBytes.tone())
        for length in [0xFFFF_FFFF, 0x7FFF_FFFF, samples.count + 2, 0xFFFF_FF00] {
            let file = WAVBytes.file(
                WAVBytes.format(), WAVBytes.chunk("data", samples, length: length), length: 0xFFFF_FFFF)
            #expect(try frames(file) == 1_600, "\(length)")
        }
        #expect(try frames(WAVBytes.file(WAVBytes.format(), Self.data, length: 0)) == 1_600)
        #expect(try frames(Array(Self.plain.dropLast(1_001))) == 1_600 - 501)
    }

    @Test func `in chunks that do not matter are read past them`() throws {
        let list = WAVBytes.chunk("LIST", Array("INFOISFT".utf8) + [UInt8](repeating: 65, count: 21))
        let unpadded = WAVBytes.chunk("LIST", [UInt8](repeating: 65, count: 21)).dropLast()
        for chunk in [list, Array(unpadded), WAVBytes.chunk("JUNK", []), WAVBytes.chunk("fact", [1, 2, 3, 4])] {
            #expect(try frames(WAVBytes.file(chunk, WAVBytes.format(), chunk, Self.data, chunk)) == 1_600)
            #expect(try frames(WAVBytes.file(WAVBytes.format(), chunk, Self.data)) == 1_600)
        }
        // A list whose entries claim gigabytes hangs libsndfile (its issue 1118): it never sees one.
        let hostile = WAVBytes.chunk(
            "LIST", Array("INFOISFT".utf8) + WAVBytes.little(0xFFFF_FFF0, 4) + [1, 2, 3, 4], length: 0xFFFF_FFFF)
        expectAudioRefusal(WAVBytes.file(WAVBytes.format(), hostile, Self.data), "undecodable_audio", saying: "no data")
    }

    @Test func `with two formats`() {
        let two = WAVBytes.format() + WAVBytes.format(channels: 2)
        expectAudioRefusal(WAVBytes.file(two, Self.data), "undecodable_audio", saying: "twice")
        let sizes = WAVBytes.chunk("ds64", [UInt8](repeating: 0xFF, count: 28))
        expectAudioRefusal(WAVBytes.file(sizes, two, Self.data, riff: "RF64"), "undecodable_audio", saying: "twice")
    }

    @Test func `as RF64 are read like RIFF`() throws {
        let sizes = WAVBytes.chunk("ds64", [UInt8](repeating: 0, count: 28))
        let data = WAVBytes.chunk("data", WAVBytes.pcm16(WAVBytes.tone()), length: 0xFFFF_FFFF)
        #expect(try frames(WAVBytes.file(sizes, WAVBytes.format(), data, riff: "RF64", length: 0xFFFF_FFFF)) == 1_600)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, 1e30])
    func `in values that are no sound`(value: Float) {
        var samples = WAVBytes.tone()
        samples[777] = value
        let file = WAVBytes.file(
            WAVBytes.format(3, bits: 32), WAVBytes.chunk("data", WAVBytes.float32(samples)))
        expectAudioRefusal(file, "undecodable_audio", saying: "finite")
    }

    @Test(arguments: [0, 9, 10, 1_025, 65_535])
    func `of no or too many channels`(channels: Int) {
        let data = WAVBytes.chunk("data", [UInt8](repeating: 0, count: 200_000))
        // So many channels of 16 bits do not fit the field of a frame's bytes: the lie is found there.
        expectAudioRefusal(
            WAVBytes.file(WAVBytes.format(channels: channels), data), "undecodable_audio", saying: "channels")
    }

    @Test(arguments: [0, 1, 3_999, 192_001, 0xFFFF_FFFF])
    func `at absurd rates`(rate: Int) {
        expectAudioRefusal(
            WAVBytes.file(WAVBytes.format(rate: rate), Self.data), "undecodable_audio", saying: "per second")
    }

    @Test func `shorter than a window, by one sample`() throws {
        func file(_ count: Int) -> [UInt8] {
            WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", WAVBytes.pcm16(WAVBytes.tone(count))))
        }
        expectAudioRefusal(file(1), "audio_too_short", saying: "0 ms")
        expectAudioRefusal(file(160), "audio_too_short", saying: "10 ms")
        expectAudioRefusal(file(399), "audio_too_short", saying: "25 ms are needed")
        #expect(try frames(file(400)) == 400)
    }

    @Test func `longer than allowed, by their header or not`() throws {
        let limits = AudioLimits(maxSeconds: 0.09)
        expectAudioRefusal(Self.plain, "audio_too_long", saying: "more than", limits: limits)
        // Three hours that a header of 42 bytes claims.
        var flac = try AudioFixtures.bytes("voice.flac")
        let claimed = 3 * 3600 * 44_100
        flac.replaceSubrange(22..<26, with: (0..<4).map { UInt8(truncatingIfNeeded: claimed >> (24 - 8 * $0)) })
        expectAudioRefusal(flac, "audio_too_long", saying: "10800 seconds")
        // A length of zero means that the writer did not know it.
        flac.replaceSubrange(21..<26, with: [flac[21] & 0xF0, 0, 0, 0, 0])
        #expect(try AudioDecoder.header(of: flac).seconds == nil)
        #expect(try frames(flac) == 4_000)
        expectAudioRefusal(flac, "audio_too_long", saying: "goes on", limits: AudioLimits(maxSeconds: 0.2))
        // Ogg tells its length in the last page; without it the bound holds all the same.
        for name in ["voice.ogg", "voice.opus", "voice.mp3", "no-xing.mp3"] {
            let bytes = try AudioFixtures.bytes(name)
            expectAudioRefusal(bytes, "audio_too_long", limits: AudioLimits(maxSeconds: 0.2))
        }
    }

    @Test func `larger than the memory or the bytes allowed`() throws {
        expectAudioRefusal(Self.plain, "audio_too_long", saying: "bytes", limits: AudioLimits(maxBytes: 100))
        expectAudioRefusal(Self.plain, "audio_too_long", saying: "MiB", limits: AudioLimits(maxMemory: 1 << 20))
    }

    @Test func `in codings that are not read are named`() throws {
        expectAudioRefusal(try AudioFixtures.bytes("adpcm.wav"), "unsupported_media_type", saying: "IMA ADPCM")
        expectAudioRefusal(try AudioFixtures.bytes("ogg-flac.ogg"), "unsupported_media_type", saying: "FLAC in an Ogg")
        expectAudioRefusal(try AudioFixtures.bytes("voice.m4a"), "unsupported_media_type", saying: "M4A")
    }

    @Test func `in a FLAC frame`() throws {
        var bytes = try AudioFixtures.bytes("voice.flac")
        bytes[bytes.count / 2] ^= 0x10
        let error = audioRefusal(of: bytes)
        #expect(error == nil || error?.code == "undecodable_audio", "\(String(describing: error))")
        // Its frames have checksums: a cut one is damage.
        expectAudioRefusal(Array(bytes.prefix(12_000)), "undecodable_audio", saying: "sync")
        expectAudioRefusal(Array(bytes.prefix(60)), "undecodable_audio")
    }

    @Test func `behind tags of any size are found`() throws {
        let mp3 = try AudioFixtures.bytes("voice.mp3")
        let sound = Array(mp3[(mp3.firstIndex(of: 0xFF) ?? 0)...])
        let expected = try frames(sound)
        // 10 MB, in seven bits a byte.
        let tag = Array("ID3".utf8) + [4, 0, 0, 4, 0x62, 0x5A, 0] + [UInt8](repeating: 0xFF, count: 10 << 20)
        let length = (10 << 20)
        let size = [21, 14, 7, 0].map { UInt8(length >> $0 & 0x7F) }
        let tagged = Array(tag[..<6]) + size + tag[10...] + sound
        #expect(try frames(tagged) == expected)
        expectAudioRefusal(Array(tagged[..<5_000]), "undecodable_audio", saying: "layer III")
        let flac = try AudioFixtures.bytes("voice.flac")
        #expect(try frames(Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 3, 1, 2, 3] + flac) == frames(flac))
    }

    @Test func `in an MP3 without an encoder's notes, cut, or of notes alone`() throws {
        let bytes = try AudioFixtures.bytes("no-xing.mp3")
        let header = try AudioDecoder.header(of: bytes)
        // Every frame is decoded, and only the decoder's delay may be missing.
        let count = try frames(bytes)
        #expect(abs(Double(count) / 16_000 - (header.seconds ?? 0)) < 0.03)
        #expect(try frames(Array(bytes.prefix(bytes.count / 2))) > 800)
        let mp3 = try AudioFixtures.bytes("voice.mp3")
        let start = mp3.firstIndex(of: 0xFF) ?? 0
        let notes = try #require(mp3[start...].indices.first { mp3[$0...].starts(with: Array("Info".utf8)) })
        // The frame of notes has 208 or 209 bytes at 64 kbit/s and 44.1 kHz.
        #expect(notes - start == 36)
        expectAudioRefusal(Array(mp3[start..<start + 208]), "audio_too_short")
    }
}

@Suite struct `Bytes that are no sound` {
    private static func box(_ brand: String) -> [UInt8] {
        [0, 0, 0, 0x18] + Array("ftyp\(brand)\0\0\0\0mif1".utf8)
    }

    private static let kinds: [(String, [UInt8])] = [
        ("M4A", box("M4A ")),
        ("MP4", box("isom")),
        ("3GP", box("3gp4")),
        ("AIFF", Array("FORM\0\0\0\0AIFF".utf8)),
        ("AIFF", Array("FORM\0\0\0\0AIFC".utf8)),
        ("AMR", Array("#!AMR\n".utf8)),
        ("WebM", [0x1A, 0x45, 0xDF, 0xA3]),
        ("Windows Media", [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]),
        ("AAC", [0xFF, 0xF1, 0x50, 0x80]),
        ("CAF", Array("caff".utf8)),
        ("AU", Array(".snd".utf8)),
        ("WavPack", Array("wvpk".utf8)),
        ("RIFX", Array("RIFX\0\0\0\0WAVE".utf8)),
        ("AVI", Array("RIFF\0\0\0\0AVI ".utf8)),
        ("MIDI", Array("MThd".utf8)),
        ("JPEG image", [0xFF, 0xD8, 0xFF, 0xE0]),
        ("PNG image", PNGBytes.rgb(3, 2)),
        ("Speex", Array("OggS\0\u{2}".utf8) + [UInt8](repeating: 0, count: 20) + [1, 80] + Array("Speex   ".utf8)),
        ("text", Array("a voice in words, not in samples".utf8)),
        ("WAV header", [UInt8](repeating: 0xA5, count: 64)),
    ]

    @Test(arguments: kinds)
    func `are named, and what is accepted is listed`(name: String, bytes: [UInt8]) {
        let sentence = audioRefusal(of: bytes)?.description ?? ""
        #expect(audioRefusal(of: bytes)?.code == "unsupported_media_type", "\(sentence)")
        #expect(sentence.contains(name) && sentence.contains("FLAC"), "\(sentence)")
        for length in 0...bytes.count { #expect(audioRefusal(of: Array(bytes.prefix(length))) != nil) }
    }
}
