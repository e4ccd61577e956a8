import Foundation
import JSON
import Testing

@testable import Service
@testable import Tasks

/// What clients of OpenAI's API send and read.
@Suite struct `Clients of OpenAI` {
    let harness: Harness
    static let photo = "data:image/jpeg;base64," + Base64.encode(Photo.jpeg)

    init() throws {
        harness = try Harness(isReady: false)
        try harness.service.serve(FakeModel(), FakeWriter())
    }

    private func post(_ path: String, _ body: String) -> Answer { harness.post(path, body) }

    private func chat(_ members: String, _ content: String = #""what is it""#) -> Answer {
        post("/v1/chat/completions", #"{"messages": [{"role": "user", "content": \#(content)}], \#(members)}"#)
    }

    private func said(_ answer: Answer) -> String? {
        answer.value("choices")?.elements.first?.member("message", "content")?.text
    }

    private static let shown = #"{"type": "image_url", "image_url": {"url": "\#(photo)"}}"#

    @Test func `a model that converses says what comes next, with the tokens counted`() throws {
        let answer = chat(#""model": "writer", "user": "me", "n": 1, "tools": null"#)
        #expect(answer.status == 200 && said(answer) == "user what is it", "\(answer.text)")
        #expect(answer.string("object") == "chat.completion")
        #expect(answer.value("choices")?.elements.first?.member("finish_reason") == .string("stop"))
        #expect(answer.value("usage", "prompt_tokens") == .integer(11))
        #expect(answer.value("usage", "completion_tokens") == .integer(5))
        #expect(answer.value("usage", "total_tokens") == .integer(16))
        let short = chat(#""model": "writer", "max_completion_tokens": 2"#)
        #expect(said(short) == "user what")
        #expect(short.value("choices")?.elements.first?.member("finish_reason") == .string("length"))
        let shown = chat(#""model": "writer""#, #"[\#(Self.shown), {"type": "text", "text": "a b"}]"#)
        #expect(said(shown)?.hasSuffix("a b") == true && said(shown)?.contains("x") == true, "\(shown.text)")
    }

    @Test func `a model without conversations captions a picture, and answers what is asked about it`() throws {
        let native = harness.send(form: "/v1/caption", Form([]))
        let caption = chat(#""model": "fake""#, "[\(Self.shown)]")
        #expect(said(caption) == native.string("caption") && said(caption) != nil, "\(caption.text)")
        #expect(caption.value("usage") == nil)
        let asked = harness.send(form: "/v1/vqa", Form([("question", "what is it")]))
        let answer = chat(
            #""model": "fake", "max_tokens": 50, "temperature": 0, "seed": 1"#,
            #"[{"type": "text", "text": "what is it"}, \#(Self.shown)]"#)
        #expect(said(answer) == asked.string("answer") && said(answer) != nil, "\(answer.text)")
        for (messages, why) in [
            (#"[{"role": "user", "content": "hello"}]"#, "0 pictures"),
            (#"[{"role": "system", "content": "be brief"}, {"role": "user", "content": [\#(Self.shown)]}]"#, "are 2"),
        ] {
            let refused = post("/v1/chat/completions", #"{"model": "fake", "messages": \#(messages)}"#)
            #expect(refused.status == 422 && refused.text.contains(why), "\(refused.text)")
        }
    }

    @Test func `a stream is chunks that add up to the answer, and ends with DONE`() throws {
        let members = #""model": "writer", "stream": true, "stream_options": {"include_usage": true}"#
        let answer = chat(members)
        #expect(answer.headers["Content-Type"] == "text/event-stream")
        let events = answer.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(events.last == "data: [DONE]" && events.allSatisfy { $0.hasPrefix("data: ") })
        let chunks = try events.dropLast().map { try JSONValue(parsing: Array($0.dropFirst(6).utf8)) }
        let deltas = chunks.compactMap { $0.member("choices")?.elements.first?.member("delta", "content")?.text }
        #expect(deltas.joined() == "user what is it" && deltas.count > 1)
        #expect(chunks.first?.member("choices")?.elements.first?.member("delta", "role") == .string("assistant"))
        #expect(chunks.last?.member("usage", "completion_tokens") == .integer(5))
        #expect(chunks.last?.member("choices") == .array([]))
        let endings = chunks.compactMap { $0.member("choices")?.elements.first?.member("finish_reason")?.text }
        #expect(endings == ["stop"])
        // One whole answer is told in one piece.
        let chosen = chat(#""model": "fake", "stream": true"#, #"[\#(Self.shown), {"type": "text", "text": "which"}]"#)
        #expect(chosen.text.contains("chat.completion.chunk") && chosen.text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test(arguments: [
        (#""n": 2"#, "\"n\""), (#""tools": [{"type": "function"}]"#, "\"tools\""), (#""stop": "."#, ""),
        (#""stop": ["."]"#, "\"stop\""), (#""response_format": {"type": "json_object"}"#, "\"response_format\""),
        (#""logprobs": true"#, "\"logprobs\""), (#""temperature": "hot""#, "temperature"),
        (#""max_tokens": 0"#, "max_tokens"), (#""max_tokens": 3, "max_completion_tokens": 3"#, "same"),
        (#""frequency_penalty": 0.5"#, "frequency_penalty"), (#""temprature": 1"#, "did you mean \"temperature\"?"),
    ])
    func `what is not done is refused by its name`(_ member: String, _ named: String) {
        let answer = chat(#""model": "writer", \#(member)"#)
        #expect(answer.status == (named.isEmpty ? 400 : 422), "\(answer.text)")
        let message = answer.value("error", "message")?.text ?? ""
        #expect(!message.isEmpty && (named.isEmpty || message.contains(named)), "\(answer.text)")
        #expect(answer.value("error", "type") == .string("invalid_request_error"))
    }

    @Test(arguments: [
        (#"[{"type": "image_url", "image_url": {"url": "https://example.org/a.jpg"}}]"#, "fetches nothing"),
        (#"[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]"#, ""),
        (#"[{"type": "image_url", "image_url": {"url": "data:image/png,abc"}}]"#, "base64"),
        (#"[{"type": "image_url"}]"#, "missing"), (#"[{"type": "input_audio"}]"#, "/v1/audio/transcriptions"),
        (#"[{"type": "file"}]"#, "\"file\""), ("5", "it takes a text"), ("null", "missing"), ("[7]", "no type"),
    ])
    func `what is shown and said is refused where it is nothing of the kind`(_ content: String, _ named: String) {
        for model in ["writer", "fake"] {
            let answer = chat(#""model": "\#(model)""#, content)
            #expect(answer.status == 422, "\(answer.text)")
            let message = answer.value("error", "message")?.text ?? ""
            #expect(!message.isEmpty && (named.isEmpty || message.contains(named)), "\(answer.text)")
        }
    }

    @Test func `roles of tools and messages that are none are refused`() {
        for messages in [
            #"[{"role": "tool", "content": "1"}]"#, #"[{"role": "king", "content": "1"}]"#, "[]", "5", "[5]",
            #"[{"role": "assistant", "content": "1"}]"#,
        ] {
            let answer = post("/v1/chat/completions", #"{"model": "writer", "messages": \#(messages)}"#)
            #expect(answer.status == 422 && answer.value("error", "message") != nil, "\(answer.text)")
        }
        #expect(post("/v1/chat/completions", "{}").status == 422)
        #expect(harness.send("POST", "/v1/chat/completions").status == 422)
    }

    @Test func `refusals of every kind have the shape that clients read`() throws {
        let unknown = chat(#""model": "gpt-4o-mini""#)
        #expect(unknown.status == 404 && unknown.value("error", "code") == .string("unknown_model"))
        let message = unknown.value("error", "message")?.text ?? ""
        #expect(message.contains("\"fake\"") && message.contains("\"writer\""), "\(message)")
        #expect(chat(#""model": "writr""#).text.contains("did you mean \\\"writer\\\"?"))
        let starting = try Harness(isReady: false).post("/v1/embeddings", #"{"input": "a"}"#)
        #expect(starting.status == 503 && starting.headers["Retry-After"] != nil)
        #expect(starting.value("error", "type") == .string("server_error"))
        let limited = try Harness { $0.rateLimit = RateLimit("1/h") }
        _ = limited.post("/v1/embeddings", #"{"input": "a"}"#)
        let refused = limited.post("/v1/embeddings", #"{"input": "a"}"#)
        #expect(refused.status == 429 && refused.headers["Retry-After"] != nil)
        #expect(refused.value("error", "type") == .string("rate_limit_error"))
        let small = try Harness { $0.maxBody = 1000 }
        let long = small.post("/v1/embeddings", #"{"input": "\#(String(repeating: "a", count: 2000))"}"#)
        #expect(long.status == 413 && long.value("error", "code") == .string("body_too_large"))
        let broken = post("/v1/embeddings", "{")
        #expect(broken.status == 400 && broken.value("error", "code") == .string("malformed_json"))
        let typeless = harness.send("POST", "/v1/embeddings", [], body: Array(#"{"input": "a"}"#.utf8))
        #expect(typeless.status == 415 && typeless.value("error", "message") != nil)
    }

    @Test func `the models that are served are listed for them, too`() {
        let list = harness.send("GET", "/v1/models")
        #expect(list.value("data")?.elements.compactMap { $0.member("id")?.text } == ["fake", "writer"])
        #expect(list.value("models")?.elements.compactMap { $0.member("name")?.text } == ["fake", "writer"])
        let one = harness.send("GET", "/v1/models/writer")
        #expect(one.string("id") == "writer" && one.string("object") == "model" && one.string("name") == "writer")
    }
}

extension Harness {
    /// Sends JSON and waits for its answer.
    func post(_ path: String, _ body: String) -> Answer {
        send("POST", path, [("Content-Type", "application/json")], body: Array(body.utf8))
    }
}
