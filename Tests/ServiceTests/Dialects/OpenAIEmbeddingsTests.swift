import Foundation
import JSON
import Testing

@testable import Service
@testable import Tasks

@Suite struct `Embeddings and transcripts for clients of OpenAI` {
    let harness: Harness

    init() throws {
        harness = try Harness(isReady: false)
        try harness.service.serve(FakeModel(), FakeWriter())
    }

    private func post(_ body: String) -> Answer { harness.post("/v1/embeddings", body) }

    private func vectors(_ answer: Answer) -> [[Double]] {
        (answer.value("data")?.elements ?? []).map { ($0.member("embedding")?.elements ?? []).compactMap(\.real) }
    }

    @Test func `a text has the vector that our own path gives it, in numbers and in base64`() throws {
        let native = harness.post("/v1/embed", #"{"text": "a dog runs"}"#)
        let answer = post(#"{"input": "a dog runs", "model": "fake"}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(vectors(answer) == [(native.value("embedding")?.elements ?? []).compactMap(\.real)])
        #expect(answer.string("object") == "list" && answer.string("model") == "fake")
        #expect(answer.value("usage", "prompt_tokens") == .integer(5))
        let base64 = post(#"{"input": ["a dog runs"], "encoding_format": "base64"}"#)
        let wanted = harness.post("/v1/embed", #"{"text": "a dog runs", "encoding": "base64"}"#)
        #expect(base64.value("data")?.elements.first?.member("embedding") == wanted.value("embedding"))
    }

    @Test func `many texts are answered in their order, more of them than are computed at once`() throws {
        let texts = (1...100).map { Array(repeating: "word", count: $0 % 7 + 1).joined(separator: " ") }
        let answer = post(#"{"input": [\#(texts.map { "\"\($0)\"" }.joined(separator: ","))], "normalize": false}"#)
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        // A fake's vector begins with the number of tokens.
        #expect(vectors(answer).map { Int($0[0]) } == (1...100).map { $0 % 7 + 3 })
        let places = answer.value("data")?.elements.compactMap { $0.member("index")?.whole }
        #expect(places == Array(0..<100))
    }

    @Test func `vectors are cut to the dimensions that are asked for, and have the length 1 again`() throws {
        let answer = post(#"{"input": "a dog", "dimensions": 2}"#)
        let vector = try #require(vectors(answer).first)
        #expect(vector.count == 2 && abs(vector.map { $0 * $0 }.reduce(0, +) - 1) < 1e-5)
        let more = post(#"{"input": "a dog", "dimensions": 4}"#)
        #expect(more.status == 422 && more.text.contains("have 3 numbers"), "\(more.text)")
    }

    @Test(arguments: [
        (#""input": [1, 2, 3]"#, "check_embedding_ctx_length=False"),
        (#""input": [[1, 2], [3]]"#, "check_embedding_ctx_length=False"), (#""input": []"#, "at least one"),
        (#""input": ["a", ""]"#, "\\\"input[1]\\\" is empty"), (#""input": {"a": 1}"#, "takes a text"),
        (#""input": "a", "encoding_format": "int8""#, "encoding_format"),
        (#""input": "a", "modality": "video""#, "modality"), (#""model": "fake""#, "input"),
        (#""input": "AAAA", "modality": "image""#, ""), (#""input": "http://a/b.png", "modality": "image""#, "fetches"),
    ])
    func `what cannot be embedded is refused in words`(_ members: String, _ named: String) {
        let answer = post("{\(members)}")
        #expect(answer.status == 422 && (named.isEmpty || answer.text.contains(named)), "\(answer.text)")
        #expect(answer.value("error", "message") != nil)
    }

    @Test func `a list is bounded`() {
        let most = DialectVectors.most
        let answer = post(#"{"input": [\#(Array(repeating: "\"a\"", count: most + 1).joined(separator: ","))]}"#)
        #expect(answer.status == 422 && answer.text.contains("at most \(most)"), "\(answer.text)")
    }

    @Test func `pictures are embedded by modality, and with a text as one vector where the model has a space`() throws {
        let space = try Harness(FakeModel(hasSpace: true))
        let photo = Base64.encode(Photo.jpeg)
        let images = space.post("/v1/embeddings", #"{"input": ["\#(photo)", "\#(photo)"], "modality": "image"}"#)
        #expect(vectors(images) == [[1, 0, 0], [1, 0, 0]], "\(images.text)")
        let shown = #"{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,\#(photo)"}}"#
        let message = #"{"role": "user", "content": [\#(shown), {"type": "text", "text": "a"}]}"#
        let both = space.post("/v1/embeddings", #"{"messages": [\#(message)]}"#)
        #expect(both.status == 200 && vectors(both).first?.filter { $0 > 0.1 }.count == 2, "\(both.text)")
        let two = space.post("/v1/embeddings", #"{"messages": [\#(message), \#(message)]}"#)
        #expect(two.status == 422 && two.text.contains("2 texts"), "\(two.text)")
    }

    private func transcribe(_ fields: [(String, String)], _ path: String = "transcriptions") -> Answer {
        harness.send(
            form: "/v1/audio/\(path)", Form(fields, image: nil, files: [("file", Photo.file("audio/voice.flac"))]))
    }

    @Test func `a transcript comes in the format that is asked for`() throws {
        let json = transcribe([("model", "writer")])
        #expect(json.string("text") == "that is so sad", "\(json.text)")
        #expect(json.value("usage", "type") == .string("duration"))
        #expect(transcribe([("response_format", "text")]).text == "that is so sad\n")
        let srt = transcribe([("response_format", "srt")]).text
        #expect(srt.hasPrefix("1\n00:00:00,000 --> 00:00:0") && srt.hasSuffix("that is so sad\n\n"), "\(srt)")
        #expect(transcribe([("response_format", "vtt")]).text.hasPrefix("WEBVTT\n\n00:00:00.000 --> "))
        let verbose = transcribe([("response_format", "verbose_json"), ("timestamp_granularities[]", "segment")])
        #expect(verbose.string("language") == "en" && verbose.string("task") == "transcribe")
        #expect(verbose.value("segments")?.elements.first?.member("text") == .string("that is so sad"))
        #expect(verbose.value("words") == nil && (verbose.value("duration")?.real ?? 0) > 0)
        #expect(transcribe([], "translations").status == 200)
        let stream = transcribe([("stream", "true")])
        #expect(stream.text.contains("transcript.text.delta") && stream.text.contains("transcript.text.done"))
    }

    @Test(arguments: [
        ("prompt", "before", "prompt"), ("temperature", "0.5", "temperature"),
        ("response_format", "ass", "response_format"),
        ("timestamp_granularities[]", "word", "verbose_json"), ("languag", "de", "did you mean \\\"language\\\"?"),
        ("model", "fake", "transcribe"),
    ])
    func `what is not done with a sound is refused by its name`(_ name: String, _ value: String, _ named: String) {
        let answer = transcribe([(name, value)])
        #expect(answer.status == 422 && answer.text.contains(named), "\(answer.text)")
        #expect(answer.value("error", "message") != nil)
    }

    @Test func `a sound that is none, and a form without one, are refused`() {
        let none = harness.send(
            form: "/v1/audio/transcriptions", Form([], image: nil, files: [("file", Array("abc".utf8))]))
        #expect([415, 422].contains(none.status) && none.value("error", "message") != nil, "\(none.text)")
        #expect(harness.send(form: "/v1/audio/transcriptions", Form([("model", "writer")], image: nil)).status == 422)
        #expect(harness.post("/v1/audio/transcriptions", "{}").status == 415)
    }
}
