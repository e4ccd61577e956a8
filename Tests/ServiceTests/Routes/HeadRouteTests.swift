import HTTP
import JSON
import Media
import Testing

@testable import Service

/// Little-endian f4 rows in NumPy's format.
func npy(_ rows: [[Float]], shape: String? = nil) -> [UInt8] {
    let shape = shape ?? "(\(rows.count), \(rows.first?.count ?? 0))"
    let header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header
        + rows.joined().map { $0 }.littleEndianBytes
}

/// The answer without what differs between two askings.
private func stable(_ text: String) -> String {
    text.replacing(/"request_id":"[^"]*"/, with: "").replacing(/"timing":\{[^}]*\}/, with: "")
}

@Suite struct `VQA route` {
    private let question = [("question", "what is the dog doing?")]

    @Test func `a photo and a question give the likeliest answers, best first`() throws {
        let answer = try Harness().send(form: "/v1/vqa", Form(question + [("top", "2")]))
        #expect(answer.status == 200)
        let pattern =
            /\{"answer":"(\w+)","answers":\[\{"answer":"(\w+)","probability":([\d.]+)\},\{"answer":"\w+","probability":([\d.]+)\}\],"model":"fake",/
        let match = try #require(answer.text.firstMatch(of: pattern)?.output)
        #expect(match.1 == match.2)
        #expect(try #require(Double(match.3)) >= #require(Double(match.4)))
        #expect(
            answer.text.hasSuffix(
                #""inputs":{"image":{"width":61,"height":45,"format":"jpeg"},"question":{"tokens":7,"truncated":true}}}"#
            ))
        #expect(
            answer.text.contains(/"timing":\{"queue":[\d.]+,"decode":[\d.]+,"encode":[\d.]+,"fuse":[\d.]+,"total":/))
    }

    @Test func `all answers together have a probability of one`() throws {
        let answer = try Harness().send(form: "/v1/vqa", Form(question + [("top", "20")]))
        let shares = answer.text.matches(of: /"probability":([\d.]+)/).compactMap { Double($0.output.1) }
        #expect(shares.count == 4)
        #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
    }

    @Test(arguments: ["?", "...", "¿ ?!", "—"])
    func `a question without words is refused`(_ question: String) throws {
        let answer = try Harness().send(form: "/v1/vqa", Form([("question", question)]))
        #expect(answer.status == 422)
        #expect(answer.code == "invalid_text")
        #expect(answer.string("part") == "question")
    }

    @Test(arguments: ["что это?", "これは何ですか", "2?", "x"])
    func `letters and digits of any script are words`(_ question: String) throws {
        #expect(try Harness().send(form: "/v1/vqa", Form([("question", question)])).status == 200)
    }

    @Test func `what is missing is named`() throws {
        let harness = try Harness()
        let noQuestion = harness.send(form: "/v1/vqa", Form())
        #expect(noQuestion.code == "missing_part")
        #expect(noQuestion.string("part") == "question")
        let noImage = harness.send(form: "/v1/vqa", Form(question, image: nil))
        #expect(noImage.code == "missing_part")
        #expect(noImage.string("part") == "image")
    }

    @Test func `a stream has the whole answer as its one event`() throws {
        let harness = try Harness()
        let whole = harness.send(form: "/v1/vqa", Form(question))
        let streamed = harness.send(form: "/v1/vqa", Form(question + [("stream", "true")]))
        #expect(streamed.headers["Content-Type"] == "text/event-stream")
        #expect(stable(streamed.text) == "event: result\ndata: \(stable(whole.text))\n\n")
        let refused = harness.send(form: "/v1/vqa?explain=true&stream=true", Form(question))
        #expect(refused.code == "invalid_option")
        #expect(refused.detail.contains("leave out"))
    }
}

@Suite struct `Emotion route` {
    @Test func `any subset of the parts is answered, and each part's own opinion told`() throws {
        let harness = try Harness()
        let all = harness.send(
            form: "/v1/emotion?face=whole",
            Form([("text", "I can't believe it")], files: [("features", npy([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]))]))
        #expect(all.status == 200, "\(all.text)")
        guard case .object(let modalities)? = all.value("modalities") else {
            Issue.record("\(all.text)")
            return
        }
        #expect(modalities.keys == ["image", "text", "features"])
        let weights = modalities.values.compactMap { value in
            if case .object(let members) = value, case .number(let weight)? = members["weight"] { weight } else { nil }
        }
        #expect(abs(weights.reduce(0, +) - 1) < 1e-9)
        #expect(all.value("inputs", "features", "tokens") == .integer(2))
        #expect(all.value("inputs", "features", "width") == .integer(3))
        for form in [
            Form(), Form([("text", "oh no")], image: nil), Form(image: nil, files: [("features", npy([[1, 2, 3]]))]),
        ] {
            let answer = harness.send(form: "/v1/emotion?face=whole", form)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.text.contains(#""weight":1}},"model""#))
            #expect(answer.text.contains(/^\{"emotion":"\w+","scores":\{"calm":[\d.]+,"angry":[\d.]+,"happy":[\d.]+\}/))
        }
    }

    @Test func `the same request gives the same bytes apart from id and timing`() throws {
        let harness = try Harness()
        let answers = (0..<5).map { _ in
            stable(harness.send(form: "/v1/emotion?face=whole", Form([("text", "oh no")])).text)
        }
        #expect(Set(answers).count == 1)
    }

    @Test func `a request without any part is told which there are`() throws {
        let answer = try Harness().send(form: "/v1/emotion", Form(image: nil))
        #expect(answer.status == 422)
        #expect(answer.code == "missing_part")
        #expect(answer.detail.contains("\"image\", \"audio\", \"text\" and \"features\""))
    }

    @Test(arguments: [
        (npy([[1, 2, .nan]]), "NaN"), (npy([[1, 2]]), "shape [1, 2]; expected is [3] or [t, 3]"),
        (npy([]), "shape [0, 0]"), (npy([[Float]](repeating: [1, 2, 3], count: 5)), "t from 1 to 4"),
        (npy([[1, 2, 3]], shape: "(4, 3)"), "announces 48 bytes"), (Array("1,2,3\n".utf8), "no NumPy file"),
    ])
    func `features that do not fit are refused, expected and found named`(_ bytes: [UInt8], _ says: String) throws {
        let answer = try Harness().send(form: "/v1/emotion", Form(image: nil, files: [("features", bytes)]))
        #expect(answer.status == 422)
        #expect(answer.code == "invalid_features")
        #expect(answer.string("part") == "features")
        #expect(answer.detail.contains(says), "\(answer.detail)")
    }

    @Test func `features come in JSON as base64`() throws {
        let harness = try Harness()
        let body = "{\"features\":\"\(Base64.encode(npy([[1, 2, 3]])))\"}"
        #expect(
            harness.send("POST", "/v1/emotion", [("Content-Type", "application/json")], body: Array(body.utf8)).status
                == 200)
        let broken = harness.send(
            "POST", "/v1/emotion", [("Content-Type", "application/json")], body: Array("{\"features\":\"%\"}".utf8))
        #expect(broken.code == "invalid_features")
    }

    @Test func `a part that the head does not know is refused by name`() throws {
        let answer = try Harness().send(form: "/v1/emotion", Form([("question", "why?")]))
        #expect(answer.status == 422)
        #expect(answer.code == "unexpected_part")
        #expect(answer.detail.contains("the emotion head of fake"))
    }
}

@Suite struct `Explanations` {
    private let harness: Harness

    init() throws { harness = try Harness() }

    @Test func `an image is explained by a heat map, a text by its words`() throws {
        let answer = harness.send(
            form: "/v1/vqa?explain=true", Form([("question", "why is it red?")], image: Photo.large))
        #expect(answer.status == 200, "\(answer.text)")
        guard case .string(let base64)? = answer.value("explanation", "image", "heat_map"),
            case .array(let words)? = answer.value("explanation", "question", "words")
        else {
            Issue.record("\(answer.text)")
            return
        }
        let map = try ImageDecoder.decode(try #require(Base64.decode(base64.utf8)))
        #expect(max(map.width, map.height) == Explanation.side)
        // The fake model reads four word pieces, the two around a text included: of "red?" nothing is left.
        let shown = words.compactMap { word in
            if case .object(let members) = word, case .string(let text)? = members["word"] { text } else { nil }
        }
        #expect(shown == ["why", "is"])
        let weights = answer.text.matches(of: /"weight":([\d.]+)/).compactMap { Double($0.output.1) }
        #expect(abs(weights.reduce(0, +) - 1) < 1e-9)
    }

    @Test func `a sound is explained by its seconds, features by their rows`() throws {
        let answer = harness.send(
            form: "/v1/emotion?explain=true",
            Form(
                image: nil,
                files: [
                    ("audio", Sound.wav([Int16](repeating: 100, count: 40_000))),
                    ("features", npy([[1, 2, 3], [4, 5, 6]])),
                ]))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.value("explanation", "audio", "seconds") == .array([.integer(1)]))
        #expect(answer.value("explanation", "features", "rows") == .array([.number(0.333333), .number(0.666667)]))
    }

    @Test func `nothing is explained that was not asked for`() throws {
        let answer = harness.send(form: "/v1/classify/mood", Form([("text", "fine")]))
        #expect(answer.status == 200)
        #expect(answer.value("explanation") == nil)
        #expect(
            harness.send(form: "/v1/classify/mood?explain=true", Form([("text", "fine")])).value("explanation") != nil)
    }
}

@Suite struct `Classify route` {
    @Test func `a head is asked by its name, its labels come best first`() throws {
        let answer = try Harness().send(form: "/v1/classify/mood", Form([("text", "fine")]))
        #expect(answer.status == 200)
        let match = try #require(
            answer.text.firstMatch(of: /\{"label":"(\w+)","scores":\{"(\w+)":([\d.]+),"\w+":([\d.]+)\},"model"/))
        #expect(match.output.1 == match.output.2)
        #expect(match.output.3 > match.output.4)
        let first = try Harness().send(form: "/v1/classify/mood?top=1", Form([("text", "fine")]))
        #expect(first.text.contains(/"scores":\{"\w+":[\d.]+\},"model"/))
    }

    @Test func `heads that answer paths of their own are asked by name as well`() throws {
        #expect(try Harness().send(form: "/v1/classify/answers", Form([("question", "why?")])).status == 200)
    }

    @Test func `an unknown head is refused, and the nearest one named`() throws {
        let harness = try Harness()
        let near = harness.send(form: "/v1/classify/modo", Form([("text", "fine")]))
        #expect(near.status == 404)
        #expect(near.code == "unknown_head")
        #expect(near.detail.contains("did you mean \"mood\"?"))
        let far = harness.send("POST", "/v1/classify/zzzzzzzzzzz")
        #expect(far.code == "unknown_head")
        #expect(far.detail.contains("\"feelings\", \"answers\", \"mood\", \"tone\" and \"things\""))
    }

    @Test func `a required part that is missing, and one that the head does not take, are named`() throws {
        let harness = try Harness()
        let missing = harness.send(form: "/v1/classify/mood", Form())
        #expect(missing.code == "missing_part")
        #expect(missing.string("part") == "text")
        let foreign = harness.send(
            form: "/v1/classify/mood", Form([("text", "fine")], image: nil, files: [("audio", [1])]))
        #expect(foreign.code == "unexpected_part")
        #expect(foreign.detail.contains("the head \"mood\""))
    }
}

@Suite struct `Rounded shares` {
    @Test func `they add up to one whatever their number`() {
        for count in 1...300 {
            let values = (0..<count).map { Float(1 + ($0 * 7919) % 101) }
            let sum = values.reduce(0, +)
            let shares = Shares.rounded(values.map { $0 / sum })
            #expect(abs(shares.reduce(0, +) - 1) < 1e-9, "\(count)")
            #expect(zip(shares, values).allSatisfy { abs($0 - Double($1 / sum)) <= 1e-6 })
        }
    }

    @Test func `nothing has no shares`() {
        #expect(Shares.rounded([]) == [])
        #expect(Shares.rounded([0, 0]) == [0, 0])
    }
}
