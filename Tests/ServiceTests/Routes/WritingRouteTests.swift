import Foundation
import JSON
import Testing

@testable import Service

/// Answers and replies of a model that writes them. Photo.jpeg comes with 16 × 12 pixels.
@Suite struct `Texts that a model writes` {
    private let harness: Harness
    private static let size = "16x12"

    init() throws {
        harness = try Harness(isReady: false)
        try harness.service.serve(FakeWriter())
    }

    private func chat(_ messages: String, images: Int = 0, fields: [(String, String)] = []) -> Answer {
        let images = (0..<images).map { _ in ("image", Photo.jpeg) }
        return harness.send(
            form: "/v1/chat", Form([("messages", messages)] + fields, image: nil, files: images))
    }

    @Test func `an answer is what is written about the picture`() {
        let answer = harness.send(form: "/v1/vqa", Form([("question", "what is it?")]))
        #expect(answer.string("answer") == "\(Self.size): what is it?", "\(answer.text)")
        #expect(answer.text.contains(#""answers":[{"answer":"16x12: what is it?","log_probability":-1}]"#))
        #expect(
            harness.send(form: "/v1/vqa", Form([("question", "a b"), ("max_tokens", "2")])).string("answer")
                == "16x12: a")
    }

    @Test func `an answer is streamed word by word`() {
        let answer = harness.send(form: "/v1/vqa", Form([("question", "a b"), ("stream", "true")]))
        let events = answer.text.split(separator: "\n\n")
        #expect(events.count == 3 && events[0].contains(#"{"text":"16x12:"}"#) && events[1].contains(#"{"text":" a"}"#))
        #expect(events[2].hasPrefix("event: result\n"))
    }

    @Test func `a model that chooses among answers refuses to be told how to write`() throws {
        let answer = try Harness().send(form: "/v1/vqa", Form([("question", "is it red?"), ("max_tokens", "3")]))
        #expect(
            answer.status == 422 && answer.detail.contains("\"max_tokens\"") && answer.detail.contains("leave it out"))
    }

    @Test func `what no model does is refused in words`() {
        let explained = harness.send(form: "/v1/vqa", Form([("question", "why?"), ("explain", "true")]))
        #expect(explained.status == 422 && explained.code == "task_not_available")
        let long = harness.send(form: "/v1/vqa", Form([("question", "why?"), ("max_tokens", "101")]))
        #expect(long.status == 422 && long.detail.contains("from 1 to 100"))
        let wide = harness.send(form: "/v1/vqa", Form([("question", "why?"), ("beams", "2"), ("stream", "true")]))
        #expect(wide.status == 422 && wide.detail.contains("beams is 2"))
    }

    @Test func `a conversation is answered, and says how long it was and why it ended`() {
        let answer = chat(#"[{"role":"system","content":"be kind"},{"role":"user","content":"hello"}]"#)
        #expect(answer.value("message", "content") == .string("system be kind user hello"), "\(answer.text)")
        #expect(answer.string("finish_reason") == "stop")
        #expect(answer.value("usage", "prompt_tokens") == .integer(11))
        #expect(answer.value("usage", "completion_tokens") == .integer(6))
        let cut = chat(#"[{"role":"user","content":"a b c"}]"#, fields: [("max_tokens", "2")])
        #expect(cut.string("finish_reason") == "length" && cut.value("message", "content") == .string("user a"))
    }

    @Test func `pictures of a form stand where the messages mention them`() {
        let messages =
            #"[{"role":"user","content":[{"type":"image"},{"type":"text","text":"one"}]},{"role":"assistant","content":"yes"},{"role":"user","content":[{"type":"text","text":"two"},{"type":"image"}]}]"#
        let two = chat(messages, images: 2)
        #expect(
            two.value("message", "content") == .string("user 16x12 one assistant yes user two 16x12"), "\(two.text)")
        let one = chat(messages, images: 1)
        #expect(one.status == 422 && one.detail.contains("mentions 2 pictures, but 1 were sent"))
    }

    @Test func `pictures that no message mentions stand before the last one`() {
        #expect(
            chat(#"[{"role":"user","content":"what?"}]"#, images: 2).value("message", "content")
                == .string("user 16x12 16x12 what?"))
    }

    @Test func `a JSON body has pictures within its messages`() {
        let image = Data(Photo.jpeg).base64EncodedString()
        let body =
            #"{"messages":[{"role":"user","content":[{"type":"image","image":"\#(image)"},{"type":"text","text":"what?"}]}],"max_tokens":null}"#
        for pieces in [1, 7] {
            let answer = harness.send(
                "POST", "/v1/chat", [("Content-Type", "application/json")], body: Array(body.utf8), pieces: pieces)
            #expect(answer.value("message", "content") == .string("user 16x12 what?"), "\(answer.text)")
        }
    }

    @Test(arguments: [
        "{}", "[]", "3", #"[{"role":"user"}]"#, #"[{"role":"bot","content":"a"}]"#, #"["a"]"#,
        #"[{"role":"user","content":"a","name":"b"}]"#, #"[{"role":"user","content":[{"type":"sound"}]}]"#,
        #"[{"role":"user","content":[{"type":"text"}]}]"#, #"[{"role":"assistant","content":"a"}]"#,
    ])
    func `messages of another form are refused`(messages: String) {
        let answer = chat(messages)
        #expect(answer.status == 422 && answer.code == "invalid_text" && answer.detail.contains("messages"))
    }

    @Test func `messages are missing or no JSON`() {
        #expect(harness.send(form: "/v1/chat", Form([], image: nil)).code == "missing_part")
        #expect(chat("[{").code == "malformed_json")
    }
}

/// What is said in a sound, for who judges words.
@Suite struct `Words in sounds` {
    private func harness(_ speech: String = "that is so sad", isServed: Bool = true) throws -> Harness {
        let harness = try Harness(isReady: false)
        if isServed {
            try harness.service.serve(harness.model, FakeWriter(speech: speech))
        } else {
            try harness.service.serve(harness.model)
        }
        return harness
    }

    private func emotion(_ harness: Harness, _ fields: [(String, String)] = []) -> Answer {
        harness.send(
            form: "/v1/emotion", Form(fields, image: nil, files: [("audio", Photo.file("audio/voice.flac"))]))
    }

    @Test func `emotion hears them where a model that transcribes is served`() throws {
        let answer = emotion(try harness())
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.value("inputs", "text", "text") == .string("that is so sad"))
        #expect(answer.value("inputs", "text", "from") == .string("audio"))
        #expect(answer.value("modalities", "text") != nil && answer.value("modalities", "audio") != nil)
        #expect(answer.value("timing", "transcribe") != nil)
    }

    @Test func `emotion is what it would be with the words as text`() throws {
        let harness = try harness()
        let heard = emotion(harness)
        let told = emotion(harness, [("text", "that is so sad")])
        for field in ["emotion", "scores", "modalities"] { #expect(heard.value(field) == told.value(field)) }
        #expect(told.value("inputs", "text", "from") == nil)
    }

    @Test func `they are not heard where they are not wanted`() throws {
        let answer = emotion(try harness(), [("transcribe", "false")])
        #expect(answer.value("inputs", "text") == nil && answer.value("timing", "transcribe") == nil)
    }

    @Test func `a sound without words has no text`() throws {
        let answer = emotion(try harness(""))
        #expect(answer.value("modalities", "text") == nil && answer.value("modalities", "audio") != nil)
        #expect(answer.value("inputs", "text", "text") == .string(""))
    }

    @Test func `asking for them without a model that transcribes says what to do`() throws {
        let harness = try harness(isServed: false)
        #expect(emotion(harness).value("inputs", "text") == nil)
        let answer = emotion(harness, [("transcribe", "true")])
        #expect(answer.status == 422 && answer.detail.contains("serve one beside"))
    }
}
