import Foundation
import JSON
import Tasks
import Testing

@testable import Service

/// Small published models of Tests/Fixtures/speech behind the service.
@Suite struct `Speech that published models hear` {
    private func harness(_ name: String) throws -> Harness {
        let folder = Photo.folder.deletingLastPathComponent().appending(path: "speech/\(name)").path
        let harness = try Harness(isReady: false)
        try harness.service.serve(try Families.load(folder, compute: Compute(threads: 2)))
        return harness
    }

    private static func tone(seconds: Double) -> [UInt8] {
        Sound.wav((0..<Int(seconds * 16_000)).map { Float(0.3 * sin(Double($0) * 0.05)) })
    }

    @Test func `is told by labels`() throws {
        let harness = try harness("hubert-labels")
        let answer = harness.send(form: "/v1/classify/audio-classification", Sound.form(Self.tone(seconds: 1)))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(["calm", "angry", "happy"].contains(answer.string("label") ?? ""))
        #expect(answer.value("inputs", "audio", "seconds") == .integer(1))
        let models = harness.send("GET", "/v1/models")
        #expect(models.text.contains(#""audio_seconds":120"#), "\(models.text)")
    }

    @Test(arguments: [(0.02, "audio_too_short"), (121, "audio_too_long")])
    func `is refused in words where it is too short or too long for labels`(_ seconds: Double, _ code: String) throws {
        let answer = try harness("wavlm-labels").send(
            form: "/v1/classify/audio-classification", Sound.form(Self.tone(seconds: seconds)))
        #expect(answer.status >= 400 && answer.status < 500 && answer.code == code, "\(answer.text)")
    }

    @Test func `is written down, word by word, however long it is`() throws {
        let harness = try harness("wav2vec2-letters")
        let form = Form([("timestamps", "word")], image: nil, files: [("audio", Self.tone(seconds: 62))])
        let answer = harness.send(form: "/v1/transcribe", form)
        #expect(answer.status == 200 && answer.string("text")?.isEmpty == false, "\(answer.text)")
        #expect(answer.value("words") != nil && answer.value("segments") != nil && answer.value("language") == nil)
        let short = Form([("timestamps", "none")], image: nil, files: [("audio", Self.tone(seconds: 1))])
        let plain = harness.send(form: "/v1/transcribe", short)
        #expect(plain.status == 200 && plain.value("segments") == nil, "\(plain.text)")
    }

    @Test func `is told while it is written`() throws {
        let form = Form([("stream", "true")], image: nil, files: [("audio", Self.tone(seconds: 1))])
        let answer = try harness("wavlm-letters").send(form: "/v1/transcribe", form)
        #expect(answer.text.contains("event: token") && answer.text.contains("event: result"), "\(answer.text)")
    }

    @Test(arguments: [("language", "german"), ("task", "translate")])
    func `is neither translated nor of a language that one could choose`(_ option: String, _ value: String) throws {
        let answer = try harness("hubert-letters").send(
            form: "/v1/transcribe", Form([(option, value)], image: nil, files: [("audio", Self.tone(seconds: 1))]))
        #expect(answer.status == 422 && answer.code == "invalid_option", "\(answer.text)")
        #expect(answer.detail.contains("leave it out"))
    }

    @Test func `is a body by itself, of a kind that is said or not`() throws {
        let harness = try harness("wav2vec2-letters")
        let texts = ["audio/wav", "application/octet-stream"].map { type in
            let headers = [("Content-Type", type)]
            return harness.send("POST", "/v1/transcribe", headers, body: Self.tone(seconds: 1)).string("text")
        }
        #expect(texts[0]?.isEmpty == false && texts[0] == texts[1])
        let other = harness.send("POST", "/v1/transcribe", [("Content-Type", "image/png")], body: Photo.png)
        #expect(other.status == 415 && other.detail.contains("audio/mpeg, application/octet-stream"), "\(other.text)")
    }

    @Test func `has no vector`() throws {
        let answer = try harness("hubert-labels").send(form: "/v1/embed", Sound.form(Self.tone(seconds: 1)))
        #expect(answer.status == 422 && answer.code == "task_not_available", "\(answer.text)")
    }
}
