import JSON
import Media
import Testing

@testable import Service

/// Sounds for tests.
enum Sound {
    static let voice = Photo.file("audio/voice.flac")

    /// A WAV file of 16-bit samples, one channel.
    static func wav(_ samples: [Int16], rate: Int = 16_000) -> [UInt8] {
        let bytes = samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        return wav(bytes, format: 1, bits: 16, rate: rate)
    }

    /// A WAV file of 32-bit floats, one channel.
    static func wav(_ samples: [Float], rate: Int = 16_000) -> [UInt8] {
        wav(samples.littleEndianBytes, format: 3, bits: 32, rate: rate)
    }

    private static func wav(_ data: [UInt8], format: Int, bits: Int, rate: Int) -> [UInt8] {
        func number(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let frame = bits / 8
        return Array("RIFF".utf8) + number(36 + data.count, 4) + Array("WAVEfmt ".utf8) + number(16, 4)
            + number(format, 2) + number(1, 2) + number(rate, 4) + number(rate * frame, 4) + number(frame, 2)
            + number(bits, 2) + Array("data".utf8) + number(data.count, 4) + data
    }

    /// `voice` with a header that tells of another length.
    static func flac(seconds: Int) -> [UInt8] {
        var bytes = voice
        let rate = Int(bytes[18]) << 12 | Int(bytes[19]) << 4 | Int(bytes[20]) >> 4
        let samples = rate * seconds
        // STREAMINFO ends its 36 bits of length at byte 25 of the file.
        bytes[21] = bytes[21] & 0xF0 | UInt8(samples >> 32 & 0x0F)
        for index in 0..<4 { bytes[22 + index] = UInt8(truncatingIfNeeded: samples >> (24 - 8 * index)) }
        return bytes
    }

    static func form(_ bytes: [UInt8]) -> Form { Form(image: nil, files: [("audio", bytes)]) }
}

@Suite struct `Bad input` {
    let harness: Harness

    init() throws { harness = try Harness() }

    @Test(arguments: ["voice.flac", "voice.ogg", "voice.opus", "voice.mp3", "speech-8k-mulaw.wav"])
    func `a voice is read in every format`(_ name: String) {
        let answer = harness.send(form: "/v1/emotion", Sound.form(Photo.file("audio/\(name)")))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.value("inputs", "audio", "seconds") != nil)
        #expect(answer.value("inputs", "audio", "channels") != nil)
    }

    @Test func `silence is answered`() {
        for answer in [
            harness.send(form: "/v1/emotion", Sound.form(Sound.wav([Int16](repeating: 0, count: 16_000)))),
            harness.send(
                "POST", "/v1/emotion", [("Content-Type", "audio/wav")],
                body: Sound.wav([Int16](repeating: 0, count: 16_000))),
        ] {
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.value("inputs", "audio", "seconds") == .integer(1))
            #expect(answer.value("inputs", "audio", "sample_rate") == .integer(16_000))
            #expect(answer.string("emotion") != nil)
        }
    }

    @Test(arguments: [0, 1, 399])
    func `a clip shorter than can be analysed is too short`(_ samples: Int) {
        let answer = harness.send(form: "/v1/emotion", Sound.form(Sound.wav([Int16](repeating: 9, count: samples))))
        #expect(answer.status == 422)
        #expect(answer.code == "audio_too_short", "\(answer.text)")
    }

    @Test func `a clip of three hours is refused by its header, with nothing decoded`() {
        let answer = harness.send(form: "/v1/emotion", Sound.form(Sound.flac(seconds: 3 * 3600)))
        #expect(answer.status == 422)
        #expect(answer.code == "audio_too_long")
        #expect(answer.detail.contains("10800"))
        #expect(harness.service.memory.reserved == 0)
    }

    @Test func `the limit on seconds is an operator's`() throws {
        let strict = try Harness { $0.maxAudioSeconds = 1 }
        let long = [Int16](repeating: 0, count: 16_001)
        #expect(strict.send(form: "/v1/emotion", Sound.form(Sound.wav(long))).code == "audio_too_long")
        #expect(strict.send(form: "/v1/emotion", Sound.form(Sound.wav(long.dropLast().map { $0 }))).status == 200)
        #expect(strict.send("GET", "/v1/models").text.contains("\"audio_seconds\":1"))
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `samples that are no numbers are refused`(_ value: Float) {
        var samples = [Float](repeating: 0.1, count: 8000)
        samples[4000] = value
        let answer = harness.send(form: "/v1/emotion", Sound.form(Sound.wav(samples)))
        #expect(answer.status == 422)
        #expect(answer.code == "undecodable_audio")
    }

    @Test(arguments: [
        (Photo.jpeg, "unsupported_media_type"), (Array("hello".utf8), "undecodable_audio"),
        (Photo.file("audio/voice.m4a"), "unsupported_media_type"),
    ])
    func `what is no sound is refused, and what it is told`(_ bytes: [UInt8], _ code: String) {
        let answer = harness.send(form: "/v1/emotion", Sound.form(bytes))
        #expect(answer.code == code, "\(answer.text)")
    }

    @Test func `an empty file is refused`() {
        let answer = harness.send(form: "/v1/emotion", Sound.form([]))
        #expect(answer.status == 400)
        #expect(answer.detail.contains("empty file"))
    }

    @Test func `a sound in JSON that is no base64 is undecodable audio`() {
        let answer = harness.send(
            "POST", "/v1/emotion", [("Content-Type", "application/json")], body: Array("{\"audio\":\"%%\"}".utf8))
        #expect(answer.code == "undecodable_audio")
    }

    @Test(arguments: ["", " ", "\n\t \u{A0}", "\u{FEFF}"])
    func `an empty text is refused`(_ text: String) {
        for path in ["/v1/emotion", "/v1/embed", "/v1/classify/mood"] {
            let answer = harness.send(form: path, Form([("text", text)], image: nil))
            #expect(answer.status == 422)
            #expect(answer.code == "invalid_text", "\(answer.text)")
        }
    }

    @Test func `a text of 100,000 words is beyond the limit, or where that is raised, cut, and the answer says so`()
        throws
    {
        let text = Array(repeating: "word", count: 100_000).joined(separator: " ")
        let refused = harness.send(form: "/v1/emotion", Form([("text", text)], image: nil))
        #expect(refused.status == 413)
        #expect(refused.code == "body_too_large")
        #expect(refused.detail.contains("--max-text"))
        let generous = try Harness { $0.maxText = 1 << 20 }
        let answer = generous.send(form: "/v1/emotion", Form([("text", text)], image: nil))
        #expect(answer.status == 200)
        #expect(answer.value("inputs", "text", "truncated") == .boolean(true))
        #expect(answer.value("inputs", "text", "tokens") == .integer(100_002))
    }

    @Test func `an image of one pixel is answered`() throws {
        let pixel = HeatMap.png(
            weights: [1], rows: 1, columns: 1, over: PixelImage(width: 1, height: 1, pixels: [1, 2, 3]))
        for (path, form) in [
            ("/v1/emotion?face=whole", Form(image: pixel)), ("/v1/vqa", Form([("question", "why?")], image: pixel)),
            ("/v1/caption", Form(image: pixel)), ("/v1/embed", Form(image: pixel)),
        ] {
            let answer = harness.send(form: path, form)
            #expect(answer.status == 200, "\(path): \(answer.text)")
            #expect(answer.value("inputs", "image", "width") == .integer(1))
        }
        let explained = harness.send(form: "/v1/emotion?face=whole&explain=true", Form(image: pixel))
        #expect(explained.status == 200)
    }

    @Test func `decoded sounds are counted, and so are those that could not be decoded`() {
        _ = harness.send(form: "/v1/emotion", Sound.form(Sound.wav([Int16](repeating: 0, count: 32_000))))
        _ = harness.send(form: "/v1/emotion", Sound.form(Sound.wav([Float](repeating: .nan, count: 8000))))
        _ = harness.send(form: "/v1/emotion", Form(image: nil, files: [("features", [1, 2])]))
        let text = harness.send("GET", "/metrics").text
        #expect(text.contains("sensorium_audio_seconds_total 2\n"))
        #expect(text.contains("sensorium_decode_failures_total{format=\"wav\"} 1\n"))
        #expect(text.contains("sensorium_decode_failures_total{format=\"npy\"} 1\n"))
        #expect(text.contains("sensorium_stage_seconds_count{task=\"emotion\",model=\"fake\",stage=\"decode\"} 1\n"))
        #expect(text.contains("sensorium_stage_seconds_count{task=\"emotion\",model=\"fake\",stage=\"encode\"} 1\n"))
    }

    @Test func `memory of decoded sounds is set aside, and given back`() throws {
        let small = try Harness {
            $0.maxMemory = 2 << 20
            $0.maxBody = 1 << 20
        }
        let answer = small.send(form: "/v1/emotion", Sound.form(Sound.wav([Int16](repeating: 0, count: 16_000))))
        #expect(answer.status == 422)
        #expect(answer.code == "audio_too_long", "\(answer.text)")
        _ = harness.send(form: "/v1/emotion", Sound.form(Sound.voice))
        wait { harness.service.memory.reserved == 0 }
    }
}
