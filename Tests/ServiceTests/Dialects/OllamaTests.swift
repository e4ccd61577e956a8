import Foundation
import JSON
import Testing

@testable import Service
@testable import Tasks

/// What clients of Ollama send and read.
@Suite struct `Clients of Ollama` {
    let harness: Harness
    private static let photo = Base64.encode(Photo.jpeg)

    init() throws {
        harness = try Harness(isReady: false)
        try harness.service.serve(FakeModel(), FakeWriter())
    }

    private func post(_ path: String, _ body: String) -> Answer {
        // As curl sends it where nobody says that it is JSON.
        harness.send(
            "POST", path, [("Content-Type", "application/x-www-form-urlencoded")], body: Array(body.utf8))
    }

    private func lines(_ answer: Answer) throws -> [JSONValue] {
        try answer.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }

    @Test func `a conversation is streamed line by line unless it is said otherwise`() throws {
        let body =
            #""model": "writer:latest", "messages": [{"role": "user", "content": "what is it"}], "keep_alive": "5m""#
        let stream = post("/api/chat", "{\(body)}")
        #expect(stream.headers["Content-Type"] == "application/x-ndjson", "\(stream.text)")
        let lines = try lines(stream)
        #expect(lines.dropLast().allSatisfy { $0.member("done") == .boolean(false) } && lines.count > 2)
        #expect(lines.compactMap { $0.member("message", "content")?.text }.joined() == "user what is it")
        #expect(lines.last?.member("done_reason") == .string("stop"))
        #expect(lines.last?.member("eval_count") == .integer(5))
        let whole = post("/api/chat", #"{\#(body), "stream": false, "options": {"num_predict": 2, "num_ctx": 4096}}"#)
        #expect(whole.value("message", "content") == .string("user what"), "\(whole.text)")
        #expect(whole.string("done_reason") == "length" && whole.value("done") == .boolean(true))
    }

    @Test func `a prompt is answered, with pictures and without; nothing loads the model`() throws {
        let text = post(
            "/api/generate", #"{"model": "writer", "prompt": "a b", "system": "be brief", "stream": false}"#)
        #expect(text.string("response") == "system be brief user a b", "\(text.text)")
        let caption = post("/api/generate", #"{"model": "fake", "images": ["\#(Self.photo)"], "stream": false}"#)
        #expect(caption.string("response") == harness.send(form: "/v1/caption", Form([])).string("caption"))
        let streamed = try lines(post("/api/generate", #"{"model": "fake", "images": ["\#(Self.photo)"]}"#))
        #expect(streamed.compactMap { $0.member("response")?.text }.joined() == caption.string("response"))
        let answer = post(
            "/api/generate", #"{"model": "fake", "prompt": "which", "images": ["\#(Self.photo)"], "stream": false}"#)
        #expect(
            answer.string("response") == harness.send(form: "/v1/vqa", Form([("question", "which")])).string("answer"))
        #expect(post("/api/generate", #"{"model": "writer"}"#).string("done_reason") == "load")
    }

    @Test func `texts have the vectors of our own path`() {
        let native = harness.post("/v1/embed", #"{"text": "a dog"}"#)
        let one = post("/api/embed", #"{"model": "fake", "input": "a dog"}"#)
        #expect(one.value("embeddings")?.elements.first == native.value("embedding"), "\(one.text)")
        let two = post("/api/embed", #"{"model": "fake", "input": ["a dog", "a"]}"#)
        #expect(two.value("embeddings")?.elements.count == 2 && two.value("prompt_eval_count") == .integer(7))
        let old = post("/api/embeddings", #"{"model": "fake", "prompt": "a dog"}"#)
        #expect(old.value("embedding")?.elements.first?.real == 4, "\(old.text)")
        let long = post("/api/embed", #"{"model": "fake", "input": "a b c d e", "truncate": false}"#)
        #expect(long.status == 422 && long.string("error") != nil)
    }

    @Test func `what is served is told`() {
        let tags = harness.send("GET", "/api/tags")
        #expect(tags.value("models")?.elements.compactMap { $0.member("model")?.text } == ["fake", "writer"])
        #expect(harness.send("GET", "/api/version").string("version") == Service.version)
        let show = post("/api/show", #"{"model": "writer"}"#)
        #expect(show.value("capabilities") == .array([.string("completion"), .string("vision")]), "\(show.text)")
        #expect(post("/api/show", #"{"name": "nothing"}"#).status == 404)
    }

    @Test(arguments: [
        (#""format": "json""#, "format"), (#""format": {"type": "object"}"#, "format"), (#""tools": [{}]"#, "tools"),
        (#""options": {"stop": ["a"]}"#, "options.stop"), (#""options": {"temperature": "hot"}"#, "temperature"),
        (#""options": 5"#, "options"), (#""images": ["http://a/b"]"#, "fetches nothing"),
        (#""images": ["????"]"#, "base64"),
        (#""raw": true"#, "raw"), (#""prompt": 5"#, "prompt"), (#""strem": true"#, "did you mean \\\"stream\\\"?"),
    ])
    func `what is not done is refused by its name`(_ member: String, _ named: String) {
        let answer = post("/api/generate", #"{"model": "writer", \#(member)}"#)
        #expect(answer.status == 422 && answer.text.contains(named), "\(answer.text)")
        #expect(answer.string("error") != nil)
    }

    @Test func `an unknown model, and none, are refused`() {
        let unknown = post("/api/chat", #"{"model": "llama3", "messages": []}"#)
        #expect(unknown.status == 404 && unknown.string("error")?.contains("\"fake\"") == true, "\(unknown.text)")
        #expect(post("/api/chat", #"{"messages": []}"#).status == 422)
        #expect(post("/api/embed", #"{"input": "a"}"#).status == 422)
        #expect(post("/api/show", "{}").status == 422)
    }
}
