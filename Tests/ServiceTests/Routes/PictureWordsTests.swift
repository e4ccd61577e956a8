import Decoders
import JSON
import Media
import Synchronization
import Testing

@testable import Service

/// The answer without what differs between two askings.
private func stable(_ text: String) -> String {
    text.replacing(/"request_id":"[^"]*"/, with: "").replacing(/"timing":\{[^}]*\}/, with: "")
}

/// Photo.jpeg has 61 × 45 pixels.
private let lines = [
    FakeLine("EXIT 27", 0.9375, x: 4, y: 3, width: 30, height: 8),
    FakeLine("3aKpbITO", 0.5, x: 4, y: 20, width: 30, height: 8),
]
private let words =
    #""words":{"lines":[{"text":"EXIT 27","box":[[4,3],[34,3],[34,11],[4,11]],"confidence":0.9375}],"text":"EXIT 27","unread":1}"#
private let noWords = #""words":{"lines":[],"text":"","unread":0}"#

@Suite struct `Words in captions` {
    @Test func `they are told where asked for, and the rest of the answer stays as it is`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let plain = harness.send(form: "/v1/caption", Form())
        #expect(plain.status == 200 && plain.value("words") == nil && plain.value("timing", "read") == nil)
        #expect(harness.model.counts.withLock(\.readBatches).isEmpty)
        let read = harness.send(form: "/v1/caption", Form([("read", "true")]))
        #expect(stable(read.text).replacing(words + ",", with: "") == stable(plain.text))
        #expect(stable(read.text).contains(words))
        #expect(read.value("timing", "read") != nil)
        #expect(read.headers["Server-Timing"]?.contains("read;dur=") == true)
        #expect(stable(harness.send(form: "/v1/caption?read=false", Form()).text) == stable(plain.text))
    }

    @Test func `a stream tells them with its result`() throws {
        let answer = try Harness(FakeModel(lines: lines)).send(
            form: "/v1/caption", Form([("read", "true"), ("stream", "true")]))
        let events = answer.text.split(separator: "\n\n")
        #expect(events.last?.hasPrefix("event: result\n") == true && events.last?.contains(words) == true)
        #expect(events.dropLast().allSatisfy { $0.hasPrefix("event: token\n") })
    }

    @Test func `a picture of nothing has none`() throws {
        let answer = try Harness().send(form: "/v1/caption", Form([("read", "true")]))
        #expect(answer.status == 200 && answer.text.contains(noWords))
    }

    @Test func `the photo is decoded once for both`() throws {
        let decoder = CountingDecoder()
        let harness = try Harness(FakeModel(lines: lines), decoder: decoder)
        for path in [
            "/v1/caption?read=true", "/v1/vqa?read=true", "/v1/emotion?read=true", "/v1/classify/things?read=true",
        ] {
            let question = path.hasPrefix("/v1/vqa") ? [("question", "what is it?")] : []
            let answer = harness.send(form: path, Form(question))
            #expect(answer.text.contains(words), "\(answer.text)")
        }
        #expect(decoder.pictures.withLock(\.self) == 4)
    }

    @Test func `a full page is read some lines at a time, between which others have their turn`() throws {
        let many = (0..<20).map { FakeLine("line \($0)", 0.9, x: Float($0), y: 2, width: 30, height: 8) }
        let harness = try Harness(FakeModel(lines: many))
        let answer = harness.send(form: "/v1/caption?read=true", Form())
        #expect(answer.value("words", "text") == .string((0..<20).map { "line \($0)" }.joined(separator: "\n")))
        #expect(harness.model.counts.withLock(\.readBatches) == [8, 8, 4])
    }

    @Test(arguments: [
        "/v1/caption?read=true", "/v1/vqa?read=true", "/v1/emotion?read=true", "/v1/emotion?text_from=image",
    ])
    func `a model that cannot read says so`(_ path: String) throws {
        let question = path.hasPrefix("/v1/vqa") ? [("question", "what is it?")] : []
        let answer = try Harness(FakeModel(reads: false)).send(form: path, Form(question))
        #expect(answer.status == 422 && answer.code == "task_not_available")
    }

    @Test func `a request without a picture has nothing to read`() throws {
        let harness = try Harness()
        let features = [("features", npy([[1, 2, 3]]))]
        for answer in [
            harness.send(form: "/v1/emotion?read=true", Form([("text", "fine")], image: nil)),
            harness.send(form: "/v1/emotion?text_from=image", Form(image: nil, files: features)),
            harness.send("POST", "/v1/classify/tone?text_from=image"),
        ] {
            #expect(answer.code == "missing_part" && answer.string("part") == "image", "\(answer.text)")
        }
    }
}

@Suite struct `Questions of words` {
    private let asked = [("question", "What does the sign say?")]

    @Test func `they are answered with what is read, as sure as the reader is`() throws {
        let answer = try Harness(FakeModel(lines: lines)).send(form: "/v1/vqa", Form(asked))
        #expect(
            answer.text.hasPrefix(
                #"{"answer":"EXIT 27","confidence":0.9375,"answers":[{"answer":"EXIT 27","probability":0.9375,"source":"words"},{"answer":""#
            ))
        #expect(answer.text.contains(words) && answer.text.ranges(of: "source").count == 1)
        let shares = answer.text.matches(of: /"probability":([\d.]+)/).compactMap { Double($0.output.1) }
        #expect(shares.count == 5 && abs(shares.reduce(0, +) - 1) < 1e-9)
    }

    @Test func `where nothing is read the answers are the head's own`() throws {
        let harness = try Harness()
        let answer = harness.send(form: "/v1/vqa", Form(asked))
        let unread = harness.send(form: "/v1/vqa?read=false", Form(asked))
        #expect(answer.text.contains(noWords) && unread.value("words") == nil)
        #expect(stable(answer.text).replacing(noWords + ",", with: "") == stable(unread.text))
    }

    @Test func `a number is answered with a number`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let answer = harness.send(form: "/v1/vqa", Form([("question", "what number is on the sign?")]))
        #expect(answer.string("answer") == "27")
    }

    @Test func `other questions are not, and read only where that is asked for`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let question = [("question", "what colour is the sign?")]
        let plain = harness.send(form: "/v1/vqa", Form(question))
        #expect(plain.value("words") == nil && harness.model.counts.withLock(\.readBatches).isEmpty)
        let read = harness.send(form: "/v1/vqa?read=true", Form(question))
        #expect(stable(read.text).replacing(words + ",", with: "") == stable(plain.text))
        #expect(!read.text.contains("source"))
    }

    @Test func `a model that cannot read answers as it can`() throws {
        let answer = try Harness(FakeModel(lines: lines, reads: false)).send(form: "/v1/vqa", Form(asked))
        #expect(answer.status == 200 && answer.value("words") == nil)
    }

    @Test func `what is not read as surely as is asked for is withheld`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let answer = harness.send(form: "/v1/vqa?min_confidence=0.95", Form(asked))
        #expect(answer.value("answer") == .null && answer.value("declined") == .boolean(true))
        #expect(harness.send(form: "/v1/vqa?min_confidence=0.9", Form(asked)).string("answer") == "EXIT 27")
    }

    @Test func `a stream has what is read too`() throws {
        let answer = try Harness(FakeModel(lines: lines)).send(form: "/v1/vqa?stream=true", Form(asked))
        #expect(answer.text.hasPrefix("event: result\ndata: {\"answer\":\"EXIT 27\"") && answer.text.contains(words))
    }
}

@Suite struct `Text from the image` {
    @Test func `a meme is image and text in one upload`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let meme = harness.send(form: "/v1/emotion?text_from=image&explain=true", Form())
        let both = harness.send(form: "/v1/emotion?explain=true", Form([("text", "EXIT 27")]))
        #expect(meme.status == 200, "\(meme.text)")
        for field in ["emotion", "scores", "modalities", "explanation"] {
            #expect(meme.value(field) == both.value(field), "\(field)")
        }
        #expect(
            meme.text.hasSuffix(
                #""inputs":{"image":{"width":61,"height":45,"format":"jpeg"},"text":{"tokens":4,"truncated":false,"from":"image","text":"EXIT 27"}}}"#
            ))
        #expect(meme.text.contains(words))
    }

    @Test func `its place is that of a text that was given`() throws {
        let form = Form(files: [("features", npy([[1, 2, 3]]))])
        let answer = try Harness(FakeModel(lines: lines)).send(form: "/v1/emotion?text_from=image", form)
        #expect(answer.text.contains(/"inputs":\{"image":\{[^}]*\},"text":\{[^}]*\},"features":/))
    }

    @Test func `a text that is given is taken, whatever it says, and nothing is read`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let answer = harness.send(form: "/v1/emotion?text_from=image", Form([("text", "from_image")]))
        let plain = harness.send(form: "/v1/emotion", Form([("text", "from_image")]))
        #expect(stable(answer.text) == stable(plain.text))
        #expect(harness.model.counts.withLock(\.readBatches).isEmpty)
        let tone = harness.send(form: "/v1/classify/tone?text_from=image", Form([("text", "fine")]))
        #expect(tone.status == 200 && tone.value("words") == nil)
    }

    @Test func `without words there is no text, and the answer is that of the other parts`() throws {
        let harness = try Harness()
        let answer = harness.send(form: "/v1/emotion?text_from=image", Form())
        #expect(answer.status == 200 && answer.value("modalities", "text") == nil)
        #expect(answer.text.hasSuffix(#""text":{"tokens":0,"truncated":false,"from":"image","text":""}}}"#))
        #expect(answer.value("scores") == harness.send(form: "/v1/emotion", Form()).value("scores"))
    }

    @Test func `a meme without a face is its words, and without words too it is refused`() throws {
        let meme = try Harness(FakeModel(faces: [], lines: lines)).send(form: "/v1/emotion?text_from=image", Form())
        #expect(meme.status == 200 && meme.value("faces") == .array([]))
        #expect(meme.value("modalities", "text", "weight") == .integer(1))
        let nothing = try Harness(FakeModel(faces: [])).send(form: "/v1/emotion?text_from=image", Form())
        #expect(nothing.code == "no_face")
    }

    @Test func `a head of words alone takes a picture for them`() throws {
        let harness = try Harness(FakeModel(lines: lines))
        let answer = harness.send(
            "POST", "/v1/classify/tone?text_from=image", [("Content-Type", "image/jpeg")], body: Photo.jpeg)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            answer.value("scores")
                == harness.send(form: "/v1/classify/tone", Form([("text", "EXIT 27")], image: nil)).value("scores"))
        #expect(answer.value("inputs", "image", "width") == .integer(61))
        let mood = harness.send(form: "/v1/classify/mood?text_from=image", Form())
        #expect(
            mood.value("scores") == harness.send(form: "/v1/classify/mood", Form([("text", "EXIT 27")])).value("scores")
        )
        let unasked = harness.send(form: "/v1/classify/tone", Form([("text", "fine")]))
        #expect(unasked.code == "unexpected_part" && unasked.detail.contains("the head \"tone\" does not know"))
    }

    @Test func `a text that is needed and not read is said to be missing`() throws {
        for path in ["/v1/classify/tone?text_from=image", "/v1/classify/mood?text_from=image"] {
            let answer = try Harness(FakeModel(lines: [lines[1]])).send(form: path, Form())
            #expect(answer.status == 422 && answer.code == "missing_part" && answer.string("part") == "text")
            #expect(answer.detail.contains("No words were read") && answer.detail.contains("1 that look like lines"))
        }
    }

    @Test func `a head without a text is told`() throws {
        let answer = try Harness().send(form: "/v1/classify/things?text_from=image", Form())
        #expect(answer.code == "invalid_option" && answer.string("option") == "text_from")
        #expect(try Harness().send(form: "/v1/emotion?text_from=elsewhere", Form()).code == "invalid_option")
    }
}

@Suite struct `Things in parts` {
    @Test func `each is told once, with the part that it is likeliest in`() throws {
        let answer = try Harness().send(form: "/v1/classify/things?parts=true", Form())
        let expected =
            #""parts":[{"name":"cup","probability":0.875,"box":{"x":0,"y":0,"width":31,"height":23}},"#
            + #"{"name":"dog","probability":0.75,"box":{"x":31,"y":23,"width":30,"height":22}}],"model""#
        #expect(answer.text.contains(expected), "\(answer.text)")
    }

    @Test func `as many are told as are asked for`() throws {
        let answer = try Harness().send(form: "/v1/classify/things?parts=true&top=1", Form())
        #expect(answer.text.contains(#""parts":[{"name":"cup""#) && !answer.text.contains(#"},{"name":"#))
    }

    @Test func `without the option there are none, and a head without parts refuses it`() throws {
        let harness = try Harness()
        let plain = harness.send(form: "/v1/classify/things", Form())
        #expect(plain.status == 200 && plain.value("parts") == nil)
        let mood = harness.send(form: "/v1/classify/mood?parts=true", Form([("text", "fine")]))
        #expect(mood.code == "invalid_option" && mood.string("option") == "parts")
    }
}

/// Counts the pictures that it decodes.
private final class CountingDecoder: MediaDecoder {
    let pictures = Mutex(0)
    private let decoder = InProcessDecoder()

    func image(
        _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
    ) throws -> [PixelImage] {
        pictures.withLock { $0 += 1 }
        return try decoder.image(bytes, limits: limits, as: renditions, for: sender)
    }

    func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender) throws -> AudioClip {
        try decoder.audio(bytes, limits: limits, sampleRate: sampleRate, for: sender)
    }

    func check() throws(DecoderFailure) { try decoder.check() }

    var confinement: Confinement? { decoder.confinement }
}
