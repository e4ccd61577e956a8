import Foundation
import JSON
import Tasks
import Testing

@testable import Service

/// Small published models of Tests/Fixtures/vision behind the service.
@Suite struct `Labels that a request brings` {
    private static let path = "/v1/classify/zero-shot"
    private static let labels = [("label", "cat"), ("label", "coffee"), ("label", "rocket")]

    private struct Golden: Decodable {
        let photos: [String]
        let labels: [String]
        let models: [String: Answers]

        struct Answers: Decodable { let scores: [[Double]]? }
    }

    private func harness(_ name: String) throws -> Harness {
        let folder = Photo.folder.deletingLastPathComponent().appending(path: "vision/\(name)").path
        let harness = try Harness(isReady: false)
        let model = try Families.load(folder, compute: Compute(threads: 2))
        try harness.service.serve(model)
        return harness
    }

    private func golden() throws -> Golden {
        let file = Photo.folder.deletingLastPathComponent().appending(path: "vision/golden.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    private func scores(_ answer: Answer) -> [String: Double] {
        guard case .object(let members)? = answer.value("scores") else { return [:] }
        var scores: [String: Double] = [:]
        for key in members.keys {
            switch members[key] {
            case .number(let score): scores[key] = score
            case .integer(let score): scores[key] = Double(score)
            default: break
            }
        }
        return scores
    }

    @Test(arguments: ["clip", "siglip"]) func `are scored as transformers' pipeline does it`(_ name: String) throws {
        let (harness, golden) = (try harness(name), try golden())
        let wanted = try #require(golden.models[name]?.scores)
        for (photo, wanted) in zip(golden.photos, wanted) {
            let answer = harness.send(form: Self.path, Form(Self.labels, image: Photo.file(photo)))
            let scores = scores(answer)
            #expect(answer.status == 200, "\(answer.text)")
            for (label, score) in zip(golden.labels, wanted) { #expect(abs((scores[label] ?? -1) - score) < 1e-4) }
            #expect(answer.string("label") == scores.max { $0.value < $1.value }?.key)
            let image = Base64.encode(Photo.file(photo))
            let json = Array(#"{"image": "\#(image)", "label": ["cat", "coffee", "rocket"], "top": 1}"#.utf8)
            let one = harness.send("POST", Self.path, [("Content-Type", "application/json")], body: json)
            #expect(self.scores(one) == scores.filter { $0.key == answer.string("label") }, "\(one.text)")
        }
    }

    @Test func `stand in the template that the request brings`() throws {
        let harness = try harness("clip")
        let usual = harness.send(form: Self.path, Form(Self.labels))
        let same = harness.send(form: Self.path, Form(Self.labels + [("template", "This is a photo of {}.")]))
        let other = harness.send(form: Self.path, Form(Self.labels + [("template", "{}")]))
        #expect(scores(usual) == scores(same) && scores(usual) != scores(other))
    }

    @Test(
        arguments: [
            ([], 422, "missing_part", "send two or more"),
            ([("label", "cat")], 422, "missing_part", "one label, \"cat\""),
            ([("label", "cat"), ("label", "dog"), ("label", "cat")], 422, "unexpected_part", "given twice"),
            ([("label", "cat"), ("label", " ")], 422, "invalid_text", "empty"),
            ([("label", "cat"), ("label", "dog"), ("template", "a photo")], 422, "invalid_option", "write {} there"),
            ([("lable", "cat")], 422, "invalid_option", "did you mean \"label\""),
        ] as [([(String, String)], Int, String, String)]) func `that make no sense are refused in words`(
            fields: [(String, String)], status: Int, code: String, words: String
        ) throws
    {
        let answer = try harness("clip").send(form: Self.path, Form(fields))
        #expect(answer.status == status && answer.code == code && answer.detail.contains(words), "\(answer.text)")
    }

    @Test func `are at most a thousand`() throws {
        let harness = try harness("clip")
        func send(_ count: Int) -> Answer {
            let labels = (0..<count).map { "\"label \($0)\"" }.joined(separator: ",")
            let json = Array(#"{"image": "\#(Base64.encode(Photo.jpeg))", "label": [\#(labels)]}"#.utf8)
            return harness.send("POST", Self.path, [("Content-Type", "application/json")], body: json)
        }
        #expect(scores(send(1000)).count == 1000)
        let refused = send(1001)
        #expect(refused.status == 422 && refused.detail.contains("1001 labels"), "\(refused.text)")
    }

    @Test func `are not asked of a model without a text tower`() throws {
        let answer = try harness("vit").send(form: Self.path, Form(Self.labels))
        #expect(answer.status == 422 && answer.code == "task_not_available", "\(answer.text)")
    }

    /// Tests/Fixtures/clap.
    @Test func `tell sounds as well, of a model that hears`() throws {
        let folder = Photo.folder.deletingLastPathComponent().appending(path: "clap/plain").path
        let harness = try Harness(isReady: false)
        try harness.service.serve(try Families.load(folder, compute: Compute(threads: 2)))
        func send(_ fields: [(String, String)]) -> Answer {
            harness.send(form: Self.path, Form(fields, image: nil, files: [("audio", Sound.voice)]))
        }
        let usual = send(Self.labels)
        #expect(usual.status == 200 && scores(usual).count == 3, "\(usual.text)")
        #expect(usual.value("inputs", "audio", "format") != nil)
        #expect(scores(usual) == scores(send(Self.labels + [("template", "This is a sound of {}.")])))
        #expect(scores(usual) != scores(send(Self.labels + [("template", "{}")])))
        let silent = harness.send(form: Self.path, Form(Self.labels, image: nil))
        #expect(silent.status == 422 && silent.detail.contains("\"audio\""), "\(silent.text)")
        #expect(harness.send(form: Self.path, Form(Self.labels)).code == "unexpected_part")
        #expect(harness.send(form: "/v1/embed", Sound.form(Sound.voice)).value("dimensions") == .integer(20))
        let nearest = harness.send(
            form: "/v1/retrieve", Form([("text", "a dog")], image: nil, files: [("candidate", Sound.voice)]))
        #expect(nearest.status == 200, "\(nearest.text)")
    }

    @Test func `are not needed where a head has its own`() throws {
        let harness = try harness("vit")
        let answer = harness.send(form: "/v1/classify/image-classification", Form(image: Photo.file("chelsea.jpg")))
        let wanted = try #require(try golden().models["vit"]?.scores?.first)
        let scores = scores(answer)
        for (label, score) in zip(["tabby, tabby cat", "crane", "cup", "crane (3)", "rocket"], wanted) {
            #expect(abs((scores[label] ?? -1) - score) < 1e-4, "\(answer.text)")
        }
        #expect(harness.send(form: "/v1/embed", Form()).value("dimensions") == .integer(72))
    }

    @Test func `leave photos and texts in one space`() throws {
        let harness = try harness("clip")
        #expect(harness.send(form: "/v1/embed", Form([("text", "a cat")])).value("dimensions") == .integer(24))
        let answer = harness.send(
            form: "/v1/retrieve", Form([("candidate", "a cat"), ("candidate", "a rocket is starting")]))
        #expect(answer.status == 200, "\(answer.text)")
    }

    @Test func `of SigLIP 2 in native resolution are refused with the reason`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try #"{"model_type": "siglip2"}"#.write(
            to: folder.appending(path: "config.json"), atomically: true, encoding: .utf8)
        let error = #expect(throws: (any Error).self) { try Families.load(folder.path, compute: Compute(threads: 1)) }
        #expect(error.map { "\($0)" }?.contains("NaFlex") == true)
    }
}
