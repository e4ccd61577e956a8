import Media
import Testing

/// Files as programs and taggers write them, which players play.
@Suite struct `Odd sounds` {
    private func samples(_ bytes: [UInt8]) throws -> [Float] {
        try AudioDecoder.decode(bytes, sampleRate: 16_000).samples
    }

    private static let tone = WAVBytes.tone()
    private static let plain = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", WAVBytes.pcm16(tone)))
    private static let tag = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]

    // MARK: WAV

    @Test func `without lengths go on to their end`() throws {
        let samples = WAVBytes.pcm16(Self.tone)
        let open = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", samples, length: 0), length: 0)
        #expect(try self.samples(open) == self.samples(Self.plain))
        // Another chunk behind says that the empty one is empty.
        let empty = WAVBytes.file(WAVBytes.format(), WAVBytes.chunk("data", []), WAVBytes.chunk("LIST", [1, 2, 3, 4]))
        expectAudioRefusal(empty, "audio_too_short", saying: "no samples")
    }

    @Test func `of RF64 and BW64 end where their long length says`() throws {
        let data = WAVBytes.chunk("data", WAVBytes.pcm16(Self.tone), length: 0xFFFF_FFFF)
        let sizes =
            WAVBytes.little(0, 8) + WAVBytes.little(3_200, 8) + WAVBytes.little(1_600, 8) + WAVBytes.little(0, 4)
        for riff in ["RF64", "BW64"] {
            let file = WAVBytes.file(
                WAVBytes.chunk("ds64", sizes), WAVBytes.format(), data,
                WAVBytes.chunk("LIST", [UInt8](repeating: 65, count: 800)),
                riff: riff, length: 0xFFFF_FFFF)
            #expect(try samples(file) == samples(Self.plain), "\(riff)")
        }
    }

    @Test func `of more bytes than bits are read by the bytes`() throws {
        func file(_ bits: Int, _ bytes: Int, _ scale: Float, shift: Int) -> [UInt8] {
            let data = Self.tone.flatMap { WAVBytes.little(Int(($0 * scale).rounded()) << shift, bytes) }
            return WAVBytes.file(WAVBytes.format(bits: bits, frameBytes: bytes), WAVBytes.chunk("data", data))
        }
        // 24 bits in the upper three of four bytes, and in the lower three as ALSA writes them; 20 in three, 12 in two.
        for (bits, bytes, scale, shift) in [
            (24, 4, Float(0x1p23), 8), (24, 4, 0x1p23, 0), (20, 3, 0x1p19, 4), (12, 2, 0x1p11, 4), (20, 4, 0x1p19, 12),
        ] {
            let difference = try samples(file(bits, bytes, scale, shift: shift)).largestDifference(from: Self.tone)
            #expect(difference < 3e-4, "\(bits) in \(bytes): \(difference)")
        }
        // Programs that leave the bytes of a frame at 0.
        let data = WAVBytes.chunk("data", WAVBytes.pcm16(Self.tone))
        #expect(try samples(WAVBytes.file(WAVBytes.format(frameBytes: 0), data)) == samples(Self.plain))
    }

    @Test(arguments: ["WAV", "voice.ogg", "voice.opus", "voice.flac", "voice.mp3"])
    func `behind a tag are what they are without it`(name: String) throws {
        let file = name == "WAV" ? Self.plain : try AudioFixtures.bytes(name)
        #expect(try samples(Self.tag + Self.tag + file) == samples(file))
        #expect(try AudioDecoder.header(of: Self.tag + file).unreadBytes == 0)
    }

    @Test func `in floats that are whole numbers are integers that nobody divided`() throws {
        for (scale, tolerance) in [(Float(0x1p15), Float(2e-5)), (0x1p23, 1e-6), (0x1p31, 1e-6)] {
            let whole = Self.tone.map { ($0 * scale).rounded() }
            let file = WAVBytes.file(WAVBytes.format(3, bits: 32), WAVBytes.chunk("data", WAVBytes.float32(whole)))
            // Half of 24 or 32 bits looks like 23 or 31: as loud as the sound lets tell.
            let difference = try samples(file).largestDifference(from: Self.tone)
            #expect(difference <= tolerance, "\(scale): \(difference)")
        }
        // Full scale itself is no integer that was not divided.
        let square = (0..<1_600).map { Float($0 / 20 % 2 * 2 - 1) }
        let file = WAVBytes.file(WAVBytes.format(3, bits: 32), WAVBytes.chunk("data", WAVBytes.float32(square)))
        #expect(try samples(file) == square)
    }

    @Test func `in floats far beyond full scale are refused, and somewhat beyond are heard`() throws {
        func file(_ factor: Float) -> [UInt8] {
            WAVBytes.file(
                WAVBytes.format(3, bits: 32), WAVBytes.chunk("data", WAVBytes.float32(Self.tone.map { $0 * factor })))
        }
        #expect(try samples(file(4)).largestDifference(from: Self.tone.map { $0 * 4 }) == 0)
        expectAudioRefusal(file(32_767.5), "undecodable_audio", saying: "32768")
        expectAudioRefusal(file(100), "undecodable_audio", saying: "beyond -1 and 1")
    }

    // MARK: MP3

    /// The frames of voice.mp3: the encoder's notes first.
    private func frames(_ name: String = "voice.mp3") throws -> [[UInt8]] {
        let bytes = try AudioFixtures.bytes(name)
        var frames: [[UInt8]] = []
        var offset = bytes.firstIndex(of: 0xFF) ?? 0
        while offset + 4 <= bytes.count {
            // 64 kbit/s at 44.1 kHz.
            let length = 208 + Int(bytes[offset + 2] >> 1 & 1)
            frames.append(Array(bytes[offset..<min(offset + length, bytes.count)]))
            offset += length
        }
        return frames
    }

    @Test func `in MP3 begin behind anything, a cut frame or zeros`() throws {
        let sound = try frames()
        let expected = try samples(sound.flatMap { $0 }).count
        for front in [Array(sound[1].dropFirst(40)), [UInt8](repeating: 0, count: 3_000), [0, 1, 2, 3]] {
            let file = front + sound.flatMap { $0 }
            #expect(abs(try samples(file).count - expected) <= 600, "\(front.count)")
            #expect(try AudioDecoder.header(of: file).unreadBytes == front.count)
        }
        let stream = Array(sound[2].dropFirst(40)) + sound[3...].flatMap { $0 }
        #expect(abs(try samples(stream).count - (sound.count - 3) * 418) < 600)
    }

    @Test func `in MP3 end within a frame, before a tag`() throws {
        let sound = try frames().flatMap { $0 }
        let cut = Array(sound.dropLast(100))
        let id3v1 = Array("TAG".utf8) + [UInt8](repeating: 0x41, count: 125)
        #expect(try samples(cut + id3v1).count == samples(cut).count)
        #expect(try samples(cut).count + 500 > samples(sound).count)
        let header = try AudioDecoder.header(of: cut + id3v1)
        #expect(header.unreadBytes > 0 && header.unreadBytes < 209)
    }

    @Test func `in MP3 whose notes count too few frames are heard to their end`() throws {
        var sound = try frames()
        let whole = try samples(sound.flatMap { $0 }).count
        let notes = try #require(sound[0].indices.first { sound[0][$0...].starts(with: Array("Info".utf8)) })
        #expect(sound[0][notes + 7] & 1 == 1, "the number of frames is told")
        let count = sound[0][notes + 11]
        for other in [count - 4, count + 40] {
            sound[0][notes + 11] = other
            #expect(try samples(sound.flatMap { $0 }).count >= whole)
        }
        // What is told and not there is said.
        #expect(abs(try AudioDecoder.header(of: sound.flatMap { $0 }).missingSeconds - 40 * 1_152 / 44_100.0) < 0.03)
    }

    @Test func `in MP3 of free format are heard`() throws {
        let free = try frames().dropFirst().map { frame in
            var frame = frame
            frame[2] &= 0x0F
            return frame
        }
        let plain = try frames().dropFirst().flatMap { $0 }
        #expect(try samples(free.flatMap { $0 }).count == samples(plain).count)
        #expect(try samples(free.flatMap { $0 }).largestDifference(from: samples(plain)) < 1e-4)
    }

    @Test(arguments: [
        ([0xFF, 0xFD, 0x84, 0xC0] as [UInt8], 384, "layer II "), ([0xFF, 0xFF, 0x94, 0xC0], 288, "layer I "),
    ])
    func `of the other layers are named`(head: [UInt8], length: Int, name: String) {
        let frame = head + [UInt8](repeating: 0, count: length - 4)
        expectAudioRefusal(frame + frame + frame, "unsupported_media_type", saying: name)
        expectAudioRefusal(Self.tag + frame + frame, "unsupported_media_type", saying: name)
    }

    @Test(arguments: [[0xFF, 0xFB, 0xF0, 0xC0], Array("RF64\0\0\0\0JUNK".utf8)] as [[UInt8]])
    func `of an accepted format are not called another one`(begin: [UInt8]) {
        let sentence = audioRefusal(of: begin + [UInt8](repeating: 0, count: 64))?.description ?? ""
        #expect(sentence.contains("beginning is cut or damaged") && !sentence.contains("accepted"), "\(sentence)")
    }

    @Test func `that end before their first sound are too short, in words that are true`() throws {
        let sound = try frames()
        expectAudioRefusal(sound[0] + Array(sound[1].prefix(60)), "audio_too_short", saying: "before its first sound")
    }

    @Test(
        arguments: [
            ("AAC", [0xFF, 0xF1, 0x50, 0x80]), ("WavPack", Array("wvpk".utf8)),
            ("AIFF", Array("FORM\0\0\0\0AIFF".utf8)),
            ("Monkey's", Array("MAC ".utf8)),
        ] as [(String, [UInt8])])
    func `of other formats are named behind a tag too`(name: String, begin: [UInt8]) {
        let file = Self.tag + begin + [UInt8](repeating: 0, count: 200)
        expectAudioRefusal(file, "unsupported_media_type", saying: name)
    }

    // MARK: What is not heard

    @Test func `say what of them is no sound, and what is missing`() throws {
        let junk = [UInt8](repeating: 1, count: 400)
        #expect(try AudioDecoder.header(of: Self.plain + junk).unreadBytes == 400)
        #expect(try samples(Self.plain + junk) == samples(Self.plain))
        let ogg = try AudioFixtures.bytes("voice.ogg")
        #expect(try AudioDecoder.header(of: ogg + junk + ogg).unreadBytes == 400)
        let cut = try AudioDecoder.header(of: Array(Self.plain.dropLast(1_600)))
        #expect(abs(cut.missingSeconds - 0.05) < 1e-6)
        #expect(cut.seconds == 0.05)
        let piped = WAVBytes.file(
            WAVBytes.format(), WAVBytes.chunk("data", WAVBytes.pcm16(Self.tone), length: 0x7FFF_F000))
        #expect(try AudioDecoder.header(of: piped).missingSeconds == 0)
    }

    @Test(arguments: ["voice.ogg", "voice.opus"])
    func `of which a page is damaged are refused`(name: String) throws {
        var bytes = try AudioFixtures.bytes(name)
        bytes[bytes.count - 100] ^= 0xFF
        expectAudioRefusal(bytes, "undecodable_audio", saying: "damaged")
    }

    @Test func `are never refused in a library's words`() throws {
        let files = try ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3", "low-rate.mp3"].map(AudioFixtures.bytes)
        for file in files {
            for length in stride(from: 4, to: file.count, by: max(1, file.count / 97)) {
                let sentence = audioRefusal(of: Array(file.prefix(length)))?.description ?? ""
                for words in ["Error :", "exist", "internal", "psf", "recognised", "decoder returned"] {
                    #expect(!sentence.contains(words), "\(sentence)")
                }
            }
        }
    }
}
