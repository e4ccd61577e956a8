import HTTP
import JSON
import Media
import Testing

@testable import Service

@Suite struct `Caption route` {
    /// The answer without what differs between two askings.
    private func stable(_ text: String) -> String {
        text.replacing(/"request_id":"[^"]*"/, with: "").replacing(/"timing":\{[^}]*\}/, with: "")
    }

    @Test func `an answer has its fields in a fixed order`() throws {
        let answer = try Harness().send(
            form: "/v1/caption", Form([("candidates", "2")]), [("X-Request-Id", "r1")])
        #expect(answer.headers["Content-Type"] == "application/json")
        #expect(answer.headers["X-Request-Id"] == "r1")
        let expected =
            #"{"caption":"grey128 very very","candidates":[{"text":"grey128 very very","log_probability":-0.5,"#
            + #""tokens":["grey128","very","very"]},{"text":"grey128 very very","log_probability":-1.5,"#
            + #""tokens":["grey128","very","very"]}],"model":"fake",,,"inputs":{"image":{"width":61,"height":45,"format":"jpeg"}}}"#
        let grey = try #require(answer.text.firstMatch(of: /grey\d+/)).output
        #expect(stable(answer.text) == expected.replacing("grey128", with: String(grey)))
        #expect(answer.text.contains(#""request_id":"r1","timing":{"queue":"#))
        #expect(answer.headers["Server-Timing"]?.contains(/queue;dur=[\d.]+, decode;dur=.*, total;dur=/) == true)
    }

    @Test func `the same request gives the same bytes apart from id and timing`() throws {
        let harness = try Harness()
        let answers = (0..<5).map { _ in stable(harness.send(form: "/v1/caption", Form([("beams", "2")])).text) }
        #expect(Set(answers).count == 1)
    }

    @Test func `a PNG is read as well, whatever its name and declared type say`() throws {
        let answer = try Harness().send("POST", "/v1/caption", [("Content-Type", "image/jpeg")], body: Photo.png)
        #expect(answer.status == 200)
        #expect(answer.value("inputs", "image", "format") == .string("png"))
    }

    @Test(arguments: [
        (Array("qoif......".utf8), 415, "unsupported_media_type"),
        (Array("<html></html>".utf8), 415, "unsupported_media_type"),
        (Array(Photo.jpeg.prefix(400)), 422, "undecodable_image"),
        ([0xFF, 0xD8, 0xFF], 422, "undecodable_image"),
    ])
    func `bytes that are no photo are refused with the code that says why`(
        _ bytes: [UInt8], _ status: Int, _ code: String
    )
        throws
    {
        let answer = try Harness().send(form: "/v1/caption", Form(image: bytes))
        #expect(answer.status == status)
        #expect(answer.code == code)
    }

    @Test func `words are streamed as they are found, then the whole answer`() throws {
        let harness = try Harness()
        for answer in [
            harness.send(form: "/v1/caption", Form([("stream", "true")])),
            harness.send(form: "/v1/caption", Form(), [("Accept", "text/event-stream")]),
        ] {
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == "text/event-stream")
            #expect(answer.headers["X-Request-Id"] != nil)
            let events = answer.text.split(separator: "\n\n").map(String.init)
            #expect(events.count == 4)
            #expect(events.first?.contains(/^event: token\ndata: \{"text":"grey\d+"\}$/) == true)
            #expect(events.dropFirst().first == "event: token\ndata: {\"text\":\" very\"}")
            #expect(events.last?.hasPrefix("event: result\ndata: {\"caption\":\"grey") == true)
        }
    }

    @Test(arguments: [[("beams", "3")], [("candidates", "2"), ("temperature", "1")]])
    func `a stream of what cannot be streamed is refused`(_ fields: [(String, String)]) throws {
        let answer = try Harness().send(form: "/v1/caption?stream=true", Form(fields))
        #expect(answer.status == 422)
        #expect(answer.code == "invalid_option")
        #expect(answer.detail.contains("set both to 1"))
    }

    @Test func `an answer that takes too long is a 504 or an event of the stream, and one that never began a 503`()
        throws
    {
        // Its warm-up asks for 30 words and gets them; a longer caption never ends.
        let endless = try Harness(FakeModel(words: 30, neverEndsBeyond: 30)) { $0.requestDeadline = 0.1 }
        let late = endless.send(form: "/v1/caption?max_tokens=31", Form())
        #expect(late.status == 504)
        #expect(late.code == "deadline_exceeded")
        let streamed = endless.send(form: "/v1/caption?max_tokens=31", Form([("stream", "true")]))
        #expect(streamed.text.contains("event: error\ndata: {\"type\":\"/problems/deadline_exceeded\""))

        let hopeless = try Harness { $0.requestDeadline = 0 }
        let never = hopeless.send(form: "/v1/caption", Form())
        #expect(never.status == 503)
        #expect(never.code == "deadline_exceeded")
        #expect(never.headers["Retry-After"] != nil)
    }

    @Test func `an explanation shows where each word came from`() throws {
        let harness = try Harness()
        let answer = harness.send(form: "/v1/caption", Form([("explain", "true")]))
        #expect(answer.status == 200, "\(answer.text)")
        guard case .array(let words)? = answer.value("explanation", "image", "words") else {
            Issue.record("\(answer.text)")
            return
        }
        #expect(words.count == 3)
        guard case .object(let first)? = words.first, case .string(let base64)? = first["heat_map"] else { return }
        let map = try ImageDecoder.decode(try #require(Base64.decode(base64.utf8)))
        #expect(map.width == 61 && map.height == 45)
        #expect(harness.send(form: "/v1/caption", Form([("explain", "false")])).value("explanation") == nil)
        #expect(harness.send(form: "/v1/caption?stream=true&explain=true", Form()).code == "invalid_option")
    }

    @Test func `another model than the one served is unknown`() throws {
        let harness = try Harness()
        #expect(harness.send(form: "/v1/caption", Form([("model", "fake")])).status == 200)
        let answer = harness.send(form: "/v1/caption", Form([("model", "other")]))
        #expect(answer.status == 404)
        #expect(answer.code == "unknown_model")
        #expect(answer.detail.contains("\"fake\""))
    }

    @Test func `options that the model refuses together are an invalid option`() throws {
        let answer = try Harness().send(form: "/v1/caption", Form([("beams", "2"), ("candidates", "3")]))
        #expect(answer.status == 422)
        #expect(answer.code == "invalid_option")
    }
}
