import JSON
import TemporaryFolders
import Testing

@testable import Service

/// Sounds as keys, as items and before the head that names them: what is wrong with a clip is told alike on all paths.
@Suite struct `Sounds as keys` {
    private let folder: TemporaryFolder
    private let harness: Harness

    init() throws {
        folder = try TemporaryFolder()
        harness = try `Queries of a joint space`.harness(folder)
        let form = Form([("text", "there is a circle")], image: nil)
        let stored = harness.send(
            "PUT", "/v1/collections/all/items/words", [("Content-Type", form.contentType)], body: form.body)
        #expect(stored.status == 201, "\(stored.text)")
    }

    /// The answers of every path that takes a sound.
    private func answers(_ bytes: [UInt8]) -> [Answer] {
        let form = Sound.form(bytes)
        return [
            harness.send(form: "/v1/retrieve?collection=all", form), harness.send(form: "/v1/embed", form),
            harness.send(form: "/v1/classify/sound", form),
            harness.send(
                "PUT", "/v1/collections/all/items/sound", [("Content-Type", form.contentType)], body: form.body),
        ]
    }

    @Test func `a sound is named by the head of sounds`() throws {
        let answer = harness.send(form: "/v1/classify/sound?top=2", Sound.form(Sound.voice))
        #expect(answer.status == 200, "\(answer.text)")
        let label = try #require(answer.string("label"))
        #expect(["rain", "door", "dog"].contains(label))
        #expect(answer.value("scores", label) != nil)
    }

    @Test func `a sound may be the whole body`() {
        let raw = harness.send(
            "POST", "/v1/retrieve?collection=all", [("Content-Type", "audio/flac")], body: Sound.voice)
        #expect(raw.status == 200 && raw.value("inputs", "audio") != nil, "\(raw.text)")
        let put = harness.send(
            "PUT", "/v1/collections/all/items/raw", [("Content-Type", "audio/flac")], body: Sound.voice)
        #expect(put.status == 201 && put.value("kind") == .string("audio"), "\(put.text)")
    }

    @Test func `silence is answered`() {
        for answer in answers(Sound.wav([Int16](repeating: 0, count: 16_000))) {
            #expect(answer.status < 300, "\(answer.text)")
            #expect(answer.value("inputs", "audio", "seconds") == .integer(1))
        }
    }

    @Test func `what of a sound is joined, missing or no sound is said`() {
        let second = Sound.wav([Int16](repeating: 0, count: 16_000))
        let cases: [([UInt8], Double, String, JSONValue?)] = [
            (second, 1, "streams", nil), (second, 1, "unread_bytes", nil), (second, 1, "missing_seconds", nil),
            (second + second + second, 3, "streams", .integer(3)),
            (second + [UInt8](repeating: 1, count: 99), 1, "unread_bytes", .integer(99)),
            (Array(second.dropLast(8_000)), 0.75, "missing_seconds", .number(0.25)),
        ]
        for (bytes, seconds, member, value) in cases {
            for answer in answers(bytes) {
                #expect(answer.status < 300, "\(answer.text)")
                let heard = answer.value("inputs", "audio", "seconds")
                #expect(heard == .number(seconds) || heard == .integer(Int(seconds)), "\(answer.text)")
                #expect(answer.value("inputs", "audio", member) == value, "\(answer.text)")
            }
        }
    }

    @Test func `what was understood of a candidate is said in its place, be it a hit or not`() {
        let second = Sound.wav([Int16](repeating: 0, count: 16_000))
        let long = String(repeating: "a square ", count: 20)
        let form = Form(
            [("text", "there is a circle"), ("candidate", "a square"), ("candidate", long)], image: nil,
            files: [
                second, second + second, second + [UInt8](repeating: 1, count: 99), Array(second.dropLast(8_000)),
                Photo.jpeg,
            ].map { ("candidate", $0) })
        let answer = harness.send(form: "/v1/retrieve?top=1", form)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.text.matches(of: /"id":/).count == 1)
        let sound = #""sample_rate":16000,"channels":1,"format":"wav""#
        let expected = [
            #"{"text":{"tokens":4,"truncated":false}}"#, #"{"text":{"tokens":42,"truncated":true}}"#,
            #"{"audio":{"seconds":1,\#(sound)}}"#, #"{"audio":{"seconds":2,\#(sound),"streams":2}}"#,
            #"{"audio":{"seconds":1,\#(sound),"unread_bytes":99}}"#,
            #"{"audio":{"seconds":0.75,\#(sound),"missing_seconds":0.25}}"#,
            #"{"image":{"width":61,"height":45,"format":"jpeg","view":"photo"}}"#,
        ]
        #expect(answer.text.contains(#","candidate":[\#(expected.joined(separator: ","))]}}"#), "\(answer.text)")
    }

    @Test func `joined sounds are too long together, which their headers say`() {
        let minute = Sound.wav([Int16](repeating: 0, count: 60 * 16_000))
        for answer in answers(Array(repeatElement(minute, count: 11).joined())) {
            #expect(answer.code == "audio_too_long" && answer.detail.contains("660 seconds"), "\(answer.text)")
        }
    }

    @Test func `one sample is too short`() {
        for answer in answers(Sound.wav([Int16(9)])) {
            #expect(answer.status == 422 && answer.code == "audio_too_short", "\(answer.text)")
        }
    }

    @Test func `an hour of noise is too long, which its header says`() {
        for answer in answers(Sound.flac(seconds: 3600)) {
            #expect(answer.status == 422 && answer.code == "audio_too_long", "\(answer.text)")
            #expect(answer.detail.contains("3600"))
        }
        #expect(harness.service.memory.reserved == 0)
    }

    @Test func `what is no sound is undecodable, or of another kind`() {
        for answer in answers(Array("no sound at all".utf8)) {
            #expect(answer.status == 422 && answer.code == "undecodable_audio", "\(answer.text)")
        }
        for answer in answers(Photo.jpeg) { #expect(answer.status == 415, "\(answer.text)") }
    }

    @Test func `a model that cannot hear refuses a sound, and says what it can take`() throws {
        let path = folder.path + "/deaf"
        let deaf = try Harness(FakeModel(hasSpace: true, hears: false)) { $0.data = path }
        let form = Sound.form(Sound.voice)
        let words = Form([("text", "a dog")], image: nil)
        #expect(
            deaf.send(
                "PUT", "/v1/collections/all/items/a", [("Content-Type", words.contentType)], body: words.body
            ).status == 201)
        for answer in [
            deaf.send(form: "/v1/retrieve?collection=all", form), deaf.send(form: "/v1/embed", form),
            deaf.send("PUT", "/v1/collections/all/items/b", [("Content-Type", form.contentType)], body: form.body),
        ] {
            #expect(answer.status == 422 && answer.code == "task_not_available", "\(answer.text)")
            #expect(answer.detail.contains("it can embed \"image\" and \"text\""))
        }
        let named = deaf.send(form: "/v1/classify/sound", form)
        #expect(named.status == 404 && named.code == "unknown_head")
    }

    @Test func `a model without views and concepts refuses what needs them`() throws {
        let path = folder.path + "/plain"
        let plain = try Harness(FakeModel(hasSpace: true)) { $0.data = path }
        #expect(
            plain.send("PUT", "/v1/collections/all/items/a", [("Content-Type", "image/jpeg")], body: Photo.jpeg)
                .status == 201)
        let photo = plain.send(form: "/v1/retrieve?collection=all&view=photo", Form())
        #expect(photo.status == 200 && photo.value("inputs", "image", "view") == nil)
        for (options, name) in [("view=sketch", "view"), ("explain=true", "explain")] {
            let answer = plain.send(form: "/v1/retrieve?collection=all&\(options)", Form())
            #expect(answer.status == 422 && answer.code == "task_not_available", "\(answer.text)")
            #expect(answer.string("option") == name)
        }
    }
}
