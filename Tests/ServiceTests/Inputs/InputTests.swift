import JSON
import Testing

@testable import Service

@Suite struct `Inputs` {
    let harness: Harness

    init() throws { harness = try Harness() }

    private func json(_ target: String, _ body: String) -> Answer {
        harness.send("POST", target, [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    private var base64: String { Base64.encode(Photo.jpeg) }

    @Test func `a photo comes as a form, as a raw body or in JSON, to the same answer`() {
        let image = Photo.jpeg
        let answers = [
            harness.send(form: "/v1/caption", Form([("beams", "2")])),
            harness.send(form: "/v1/caption?beams=2", Form()),
            harness.send("POST", "/v1/caption?beams=2", [("Content-Type", "image/jpeg")], body: image),
            harness.send("POST", "/v1/caption?beams=2", [("Content-Type", "application/octet-stream")], body: image),
            json("/v1/caption", "{\"image\":\"\(base64)\",\"beams\":2}"),
            json("/v1/caption?beams=2", "{\"image\":\"data:image/jpeg;base64,\(base64)\"}"),
        ]
        for answer in answers {
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.value("caption") == answers[0].value("caption"))
            #expect(answer.value("inputs") == answers[0].value("inputs"))
        }
    }

    @Test func `a text comes as a form, as a raw body or in JSON, to the same answer`() {
        let answers = [
            harness.send(form: "/v1/embed", Form([("text", "\u{FEFF}a dog")], image: nil)),
            harness.send("POST", "/v1/embed", [("Content-Type", "text/plain")], body: Array("a dog".utf8)),
            harness.send(
                "POST", "/v1/embed", [("Content-Type", "text/plain; charset=UTF-8")], body: Array("a dog".utf8)),
            json("/v1/embed", "{\"text\":\"a dog\"}"),
        ]
        for answer in answers {
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.value("embedding") == answers[0].value("embedding"))
        }
    }

    @Test(arguments: [1, 2, 7, 100_000])
    func `a body may come in any pieces`(_ pieces: Int) {
        let whole = harness.send(form: "/v1/caption", Form([("beams", "1")]))
        let split = harness.send(form: "/v1/caption", Form([("beams", "1")]), pieces: pieces)
        #expect(split.value("caption") == whole.value("caption"))
    }

    @Test(arguments: [
        ("beam", "1", "did you mean \"beams\"?"),
        ("maxtokens", "1", "did you mean \"max_tokens\"?"),
        ("zzzzzz", "1", "known here are \"image\", \"beams\""),
        ("beams", "9", "\"9\"; it takes a whole number from 1 to 8 (default 3)"),
        ("beams", "0", "from 1 to 8"),
        ("beams", "two", "\"two\""),
        ("beams", "2.5", "\"2.5\""),
        ("seed", "9007199254740993.5", "\"9007199254740993.5\""),
        ("beams", "+2", "\"+2\""),
        ("beams", "", "\"\""),
        ("max_tokens", "65", "from 1 to 64"), ("max_tokens", "0", "from 1 to 4096"),
        ("candidates", "99999999999999999999", "from 1 to 8"),
        ("temperature", "nan", "a number from 0 to 10"),
        ("temperature", "inf", "a number from 0 to 10"),
        ("temperature", "-0.1", "a number from 0 to 10"),
        ("top_p", "1.1", "a number above 0 and up to 1"),
        ("top_p", "0", "a number above 0 and up to 1"),
        ("seed", "-1", "from 0 to"),
        ("stream", "yes", "true or false (default false)"),
        ("prompt", "", "a text of 1 to 1000 characters"),
        ("explain", "maybe", "true or false"),
    ])
    func `a wrong option is refused by name, value, range and default`(_ name: String, _ value: String, _ says: String)
    {
        let form = harness.send(form: "/v1/caption", Form([(name, value)]))
        #expect(form.status == 422)
        #expect(form.code == "invalid_option")
        #expect(form.string("option") == name)
        #expect(form.detail.contains(says), "\(form.detail)")
        let query = harness.send(form: "/v1/caption?\(name)=\(value.replacing("+", with: "%2B"))", Form())
        #expect(query.code == "invalid_option")
        #expect(query.detail == form.detail)
    }

    @Test(arguments: [
        ("{\"beams\":\"2\"}", "invalid_option"),
        ("{\"beams\":2.5}", "invalid_option"),
        ("{\"beam\":null}", "invalid_option"),
        ("{\"image\":null,\"beams\":null}", "missing_part"),
        ("{\"stream\":\"true\"}", "invalid_option"),
        ("{\"beam\":1}", "invalid_option"),
        ("{\"beams\":1,\"beams\":2}", "malformed_json"),
        ("{\"beams\":", "malformed_json"),
        ("[]", "malformed_json"),
        ("\"image\"", "malformed_json"),
        ("{}", "missing_part"),
        ("{\"image\":7}", "undecodable_image"),
        ("{\"image\":\"not base64!\"}", "undecodable_image"),
        ("{\"image\":\"http://a.example/dog.jpg\"}", "undecodable_image"),
        ("{\"image\":\"file:///etc/passwd\"}", "undecodable_image"),
        ("{\"image\":\"data:image/jpeg,abc\"}", "undecodable_image"),
        ("{\"image\":\"\"}", "missing_part"),
        ("{\"image\":\"cW9pZgAAAAAAAAAAAAAAAA==\"}", "unsupported_media_type"),
    ])
    func `wrong JSON is refused with the code that says why`(_ body: String, _ code: String) {
        #expect(json("/v1/caption", body).code == code)
    }

    @Test func `a whole number may be written with a point in JSON, as JSON Schema has it`() {
        let image = Base64.encode(Photo.jpeg)
        #expect(json("/v1/caption", "{\"image\":\"\(image)\",\"beams\":2.0,\"max_tokens\":3e0}").status == 200)
        #expect(json("/v1/caption", "{\"beams\":9e300}").code == "invalid_option")
    }

    @Test(arguments: ["2.0", "2e0", "20e-1", "2.", "02"])
    func `a whole number may be written with a point in forms and queries`(_ two: String) {
        #expect(harness.send(form: "/v1/caption", Form([("beams", two)])).status == 200)
        #expect(harness.send(form: "/v1/caption?beams=\(two)&seed=9007199254740993.0", Form()).status == 200)
    }

    @Test func `a whole number is taken exactly or refused`() throws {
        for text in ["9007199254740993", "9007199254740993.0", "900719925474099300e-2"] {
            #expect(OptionValue.text(text).integer == 9_007_199_254_740_993)
            #expect(try OptionValue.json(JSONValue(parsing: text)).integer == 9_007_199_254_740_993)
        }
        for text in ["9223372036854775808", "3.0000000000000000001", "1e300"] {
            #expect(OptionValue.text(text).integer == nil)
            #expect(try OptionValue.json(JSONValue(parsing: text)).integer == nil)
        }
    }

    @Test func `members that are null count as left out`() {
        let nulls = "\"beams\":null,\"temperature\":null,\"prompt\":null,\"stream\":null,\"model\":null"
        #expect(json("/v1/caption?beams=1", "{\"image\":\"\(base64)\",\(nulls)}").status == 200)
        let answer = json("/v1/embed", "{\"image\":null,\"audio\":null,\"text\":\"a dog\",\"weight\":null}")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(json("/v1/embed", "{\"imgae\":null,\"text\":\"a dog\"}").detail.contains("did you mean \"image\"?"))
        let mood = json(
            "/v1/classify/mood", "{\"text\":\"a dog\",\"audio\":null,\"features.own\":null,\"question\":null}")
        #expect(mood.status == 200, "\(mood.text)")
        #expect(json("/v1/classify/mood", "{\"text\":\"a dog\",\"audio\":\"UklGRg==\"}").code == "unexpected_part")
    }

    @Test func `a byte order mark before JSON is skipped, in bodies and in parts of forms`() {
        let answer = json("/v1/caption", "\u{FEFF}{\"image\":\"\(base64)\",\"beams\":2}")
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func form(_ parts: [(head: String, content: [UInt8])]) -> Form {
        var form = Form(image: nil)
        form.body =
            parts.flatMap {
                Array("--XYZ\r\nContent-Disposition: form-data; \($0.head)\r\n\r\n".utf8) + $0.content + [0x0D, 0x0A]
            }
            + Array("--XYZ--\r\n".utf8)
        return form
    }

    private static let unchosen = "filename=\"\"\r\nContent-Type: application/octet-stream"

    @Test func `file inputs of a browser's form in which no file was chosen count as left out`() {
        let chosen = ("name=\"image\"; filename=\"a.jpg\"", Photo.jpeg)
        let (image, audio) = ("name=\"image\"; \(Self.unchosen)", "name=\"audio\"; \(Self.unchosen)")
        for parts in [
            [(image, []), (audio, []), ("name=\"text\"", Array("a dog".utf8))], [(image, []), chosen, (audio, [])],
            [chosen, (image, [])],
        ] {
            let answer = harness.send(form: "/v1/emotion", form(parts))
            #expect(answer.status == 200, "\(answer.text)")
        }
        // A head that takes no sound lets a page for every head leave it out.
        let mood = harness.send(form: "/v1/classify/mood", form([(audio, []), ("name=\"text\"", Array("a dog".utf8))]))
        #expect(mood.status == 200, "\(mood.text)")
        #expect(harness.send(form: "/v1/caption", form([(image, [])])).code == "missing_part")
        #expect(harness.send(form: "/v1/caption", form([(image, Photo.jpeg)])).status == 200)
        #expect(harness.send(form: "/v1/caption", form([(image, Photo.jpeg), chosen])).code == "unexpected_part")
        #expect(
            harness.send(form: "/v1/caption", form([("name=\"image\"; filename=\"a.jpg\"", [])])).code
                == "malformed_multipart")
    }

    @Test func `a label of Latin-1 on a text is believed, in forms and in bodies`() {
        let plain = harness.send(form: "/v1/embed", Form([("text", "a café")], image: nil))
        let type = "text/plain; charset=ISO-8859-1"
        let bytes = Array("a caf".utf8) + [0xE9]
        for answer in [
            harness.send(form: "/v1/embed", form([("name=\"text\"\r\nContent-Type: \(type)", bytes)])),
            harness.send("POST", "/v1/embed", [("Content-Type", type)], body: bytes),
        ] {
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.value("embedding") == plain.value("embedding"))
        }
        let option = form([
            ("name=\"image\"; filename=\"a.jpg\"", Photo.jpeg),
            ("name=\"beams\"\r\nContent-Type: \(type)", Array("2".utf8)),
        ])
        #expect(harness.send(form: "/v1/caption", option).status == 200)
        let other = harness.send(
            form: "/v1/embed", form([("name=\"text\"\r\nContent-Type: text/plain; charset=koi8-r", Array("a".utf8))]))
        #expect(other.detail.contains("koi8-r"))
    }

    @Test func `the length of a text option is counted in characters`() {
        let longest = String(repeating: "é", count: 1000)
        #expect(harness.send(form: "/v1/caption", Form([("prompt", longest)])).status == 200)
        #expect(harness.send(form: "/v1/caption", Form([("prompt", longest + "e")])).code == "invalid_option")
    }

    @Test func `a text has a word where it has anything but white space, be it a combining mark behind a blank`() {
        #expect(json("/v1/embed", "{\"text\":\" \\u0301\"}").status == 200)
        #expect(json("/v1/embed", "{\"text\":\" \\u0085\\t\"}").code == "invalid_text")
        #expect(json("/v1/embed", "{\"text\":\"\\uFEFF\"}").code == "invalid_text")
    }

    @Test func `a URL is never fetched, and the refusal says so`() {
        let answer = json("/v1/caption", "{\"image\":\"HTTPS://a.example/dog.jpg\"}")
        #expect(answer.status == 422)
        #expect(answer.detail.contains("fetches nothing"))
        #expect(!answer.detail.contains("a.example"))
    }

    @Test func `what is given twice is refused`() {
        #expect(harness.send(form: "/v1/caption", Form([("beams", "1"), ("beams", "1")])).detail.contains("twice"))
        #expect(harness.send(form: "/v1/caption?beams=1", Form([("beams", "1")])).detail.contains("twice"))
        #expect(harness.send(form: "/v1/caption?beams=1&beams=1", Form()).detail.contains("twice"))
        #expect(json("/v1/caption?beams=1", "{\"beams\":1}").detail.contains("twice"))
        var form = Form()
        form.body = Array(form.body.dropLast(9)) + Form().body
        let answer = harness.send(form: "/v1/caption", form)
        #expect(answer.code == "unexpected_part")
        #expect(answer.string("part") == "image")
    }

    @Test func `a misspelt file part is refused before it has come in`() {
        let form = Form(image: Photo.jpeg, imageName: "imgae")
        let exchange = FakeExchange()
        let head = Harness.head("POST", "/v1/caption", [("Content-Type", form.contentType)], bodyBytes: form.body.count)
        guard case .deliver(let receiver, _) = harness.service.handler.receive(head, exchange: exchange) else {
            return
        }
        form.body.prefix(120).withUnsafeBytes { receiver.receive($0) }
        let answer = exchange.answerSoFar.map { Answer($0) }
        #expect(answer?.code == "unexpected_part")
        #expect(answer?.detail.contains("did you mean \"image\"?") == true)
        form.body.dropFirst(120).withUnsafeBytes { receiver.receive($0) }
        receiver.finish()
        #expect(harness.model.counts.withLock(\.encodedImages) == 1, "the warm-up alone")
    }

    @Test(arguments: [
        ([(String, String)](), "unsupported_media_type"),
        ([("Content-Type", "image")], "unsupported_media_type"),
        ([("Content-Type", "application/x-www-form-urlencoded")], "unsupported_media_type"),
        ([("Content-Type", "text/plain")], "unsupported_media_type"),
        ([("Content-Type", "audio/wav")], "unsupported_media_type"),
        ([("Content-Type", "multipart/form-data")], "malformed_multipart"),
        ([("Content-Type", "multipart/mixed; boundary=XYZ")], "unsupported_media_type"),
    ])
    func `a body of a kind that is not read says which kinds are`(_ headers: [(String, String)], _ code: String) {
        let answer = harness.send("POST", "/v1/caption", headers, body: Array("abc".utf8))
        #expect(answer.code == code)
        if answer.status == 415 { #expect(answer.headers["Accept"]?.contains("multipart/form-data") == true) }
    }

    @Test func `a request without a body lacks its part`() {
        let answer = harness.send("POST", "/v1/caption")
        #expect(answer.status == 422)
        #expect(answer.code == "missing_part")
        #expect(harness.send(form: "/v1/caption", Form(image: nil)).code == "missing_part")
        #expect(harness.send(form: "/v1/embed", Form(image: nil)).code == "missing_part")
    }

    @Test(arguments: [
        ("text", [UInt8]([0x61, 0xFF]), "malformed_multipart"), ("text", Array("  \n".utf8), "invalid_text"),
        ("text", [], "invalid_text"),
    ])
    func `a text that is none is refused`(_ name: String, _ bytes: [UInt8], _ code: String) {
        var form = Form(image: nil)
        form.body =
            Array("--XYZ\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n".utf8) + bytes
            + Array("\r\n--XYZ--\r\n".utf8)
        #expect(harness.send(form: "/v1/embed", form).code == code)
        let raw = harness.send("POST", "/v1/embed", [("Content-Type", "text/plain")], body: bytes + [0x20])
        #expect(raw.code == "invalid_text")
    }

    @Test func `text in another charset is refused`() {
        let answer = harness.send(
            "POST", "/v1/embed", [("Content-Type", "text/plain; charset=utf-16")], body: Array("ab".utf8))
        #expect(answer.status == 415)
    }
}

@Suite struct `Limits on inputs` {
    @Test func `a part beyond its limit is refused by name, limit and flag`() throws {
        let harness = try Harness { $0.maxPart = 100 }
        for answer in [
            harness.send(form: "/v1/caption", Form()),
            harness.send("POST", "/v1/caption", [("Content-Type", "image/jpeg")], body: Photo.jpeg),
            harness.send(
                "POST", "/v1/caption", [("Content-Type", "application/json")],
                body: Array("{\"image\":\"\(Base64.encode(Photo.jpeg))\"}".utf8)),
        ] {
            #expect(answer.status == 413, "\(answer.text)")
            #expect(answer.code == "body_too_large")
            #expect(
                answer.detail.contains("image") && answer.detail.contains("100") && answer.detail.contains("--max-part")
            )
        }
    }

    @Test func `a text beyond its limit is refused by name, limit and flag`() throws {
        let harness = try Harness { $0.maxText = 4 }
        for answer in [
            harness.send(form: "/v1/embed", Form([("text", "a dog")], image: nil)),
            harness.send("POST", "/v1/embed", [("Content-Type", "text/plain")], body: Array("a dog".utf8)),
            harness.send(
                "POST", "/v1/embed", [("Content-Type", "application/json")], body: Array("{\"text\":\"a dog\"}".utf8)),
        ] {
            #expect(answer.status == 413)
            #expect(
                answer.detail.contains("text") && answer.detail.contains("4") && answer.detail.contains("--max-text"))
        }
        #expect(harness.send(form: "/v1/embed", Form([("text", "dogs")], image: nil)).status == 200)
    }

    @Test func `more parts than allowed are refused`() throws {
        let harness = try Harness { $0.maxParts = 1 }
        let answer = harness.send(form: "/v1/caption", Form([("beams", "1")]))
        #expect(answer.status == 400)
        #expect(answer.detail.contains("--max-parts"))
    }

    @Test func `an image with more pixels than allowed is refused from its header`() throws {
        let harness = try Harness { $0.maxPixels = 100 }
        let answer = harness.send(form: "/v1/caption", Form())
        #expect(answer.status == 422)
        #expect(answer.code == "image_too_large")
    }
}
