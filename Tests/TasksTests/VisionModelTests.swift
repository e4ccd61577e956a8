import Checkpoint
import Foundation
import Media
import Testing

@testable import Tasks

/// Tests/Fixtures/vision: small random CLIPs, SigLIPs, ViTs and DINOv2s, and what transformers makes of photos and texts with them
/// (make_vision.py).
@Suite struct `Published models of pictures` {
    private struct Golden: Decodable {
        let photos: [String]
        let texts: [String]
        let labels: [String]
        let models: [String: Answers]
    }

    private struct Answers: Decodable {
        let images: [[Float]]?
        let texts: [[Float]]?
        let logits: [[Float]]?
        let scores: [[Float]]?
    }

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private let golden: Golden
    private let photos: [PixelImage]

    init() throws {
        let folder = Self.fixtures.appending(path: "vision")
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: folder.appending(path: "golden.json")))
        photos = try golden.photos.map {
            try ImageDecoder.decode([UInt8](Data(contentsOf: Self.fixtures.appending(path: "media/\($0)"))))
        }
    }

    private static func folder(_ name: String) -> Checkpoint {
        Checkpoint(fixtures.appending(path: "vision/\(name)").path)
    }

    private func contrastive(_ name: String, threads: Int = 2) throws -> ContrastiveModel {
        let folder = Self.folder(name)
        return name.hasPrefix("siglip")
            ? try .loadSigLIP(folder, compute: Compute(threads: threads))
            : try .loadCLIP(folder, compute: Compute(threads: threads))
    }

    private func pictures(_ preparation: PicturePreparation) -> [[Float]] { photos.map { preparation.pixels($0, nil) } }

    private func expectSame(_ vectors: [[Float]], _ wanted: [[Float]]?, _ name: String) throws {
        let wanted = try #require(wanted)
        #expect(vectors.count == wanted.count)
        for (vector, wanted) in zip(vectors, wanted) {
            let unit = ofLengthOne(vector)
            let cosine = zip(unit, wanted).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(cosine >= 0.99999, "\(name): \(cosine)")
            #expect(zip(unit, wanted).allSatisfy { abs($0 - $1) <= 1e-4 }, "\(name)")
        }
    }

    @Test(arguments: ["clip", "clip-first", "siglip", "siglip-masked"])
    func `photos and texts have the vectors, logits and scores of transformers`(_ name: String) throws {
        let model = try contrastive(name)
        let answers = try #require(golden.models[name])
        let images = model.encode(media: pictures(model.picturePreparation))
        try expectSame(images, answers.images, "\(name), photos")
        let texts = golden.texts.map(model.textPreparation.encode)
        try expectSame(model.encode(texts: texts), answers.texts, "\(name), texts")
        let labels = model.encode(
            texts: golden.labels.map { model.textPreparation.encode("This is a photo of \($0).") })
        let (logits, scores) = (try #require(answers.logits), try #require(answers.scores))
        for (image, (logits, scores)) in zip(images, zip(logits, scores)) {
            #expect(zip(model.logits(picture: image, texts: labels), logits).allSatisfy { abs($0 - $1) <= 1e-3 })
            #expect(zip(model.scores(picture: image, texts: labels), scores).allSatisfy { abs($0 - $1) <= 1e-4 })
        }
    }

    @Test(arguments: [
        ("vit", ImageModelConfiguration.Family.vit), ("vit-pooler", .vit), ("dinov2", .dinov2),
        ("dinov2-gated", .dinov2), ("clip-vision", .clip), ("siglip-vision", .siglip),
    ])
    func `photos have the vectors, or the logits and scores, of transformers`(
        _ name: String, _ family: ImageModelConfiguration.Family
    ) throws {
        let model = try ImageModel.load(Self.folder(name), family, compute: Compute(threads: 2))
        let answers = try #require(golden.models[name])
        let states = model.encode(pictures(model.picturePreparation))
        if answers.images != nil { try expectSame(model.vectors(of: states), answers.images, name) }
        let logits = model.logits(of: states)
        #expect(logits.count == (answers.logits?.count ?? 0))
        for (logits, wanted) in zip(logits, answers.logits ?? []) {
            #expect(zip(logits, wanted).allSatisfy { abs($0 - $1) <= 1e-3 }, "\(name)")
        }
        for (logits, wanted) in zip(logits, answers.scores ?? []) {
            #expect(zip(model.scores(logits), wanted).allSatisfy { abs($0 - $1) <= 1e-4 }, "\(name)")
        }
    }

    @Test func `labels are those of the configuration, and one that comes again has its number`() throws {
        let model = try ImageModel.load(Self.folder("vit"), .vit, compute: Compute(threads: 1))
        #expect(model.labels == ["tabby, tabby cat", "crane", "cup", "crane (3)", "rocket"] && !model.isMultiLabel)
        let gated = try ImageModel.load(Self.folder("dinov2-gated"), .dinov2, compute: Compute(threads: 1))
        #expect(gated.labels == ["LABEL_0", "LABEL_1", "LABEL_2"] && gated.isMultiLabel)
        #expect(try ImageModel.load(Self.folder("dinov2"), .dinov2, compute: Compute(threads: 1)).labels == nil)
    }

    @Test(arguments: ["clip", "siglip"])
    func `a vector depends neither on its company nor on the number of threads`(_ name: String) throws {
        let (one, two) = (try contrastive(name, threads: 1), try contrastive(name))
        let pixels = pictures(one.picturePreparation)
        #expect(two.encode(media: pixels) == pixels.flatMap { one.encode(media: [$0]) })
        let texts = golden.texts.map(one.textPreparation.encode)
        #expect(two.encode(texts: texts) == texts.flatMap { one.encode(texts: [$0]) })
    }

    @Test func `a photo that a decoder resized has the same vector`() throws {
        let model = try contrastive("clip")
        let rendition = try #require(model.picturePreparation.rendition)
        let resized = try golden.photos.map {
            try ImageDecoder.decode(
                [UInt8](Data(contentsOf: Self.fixtures.appending(path: "media/\($0)"))), as: rendition)
        }
        #expect(resized.map { model.picturePreparation.pixels($0, nil) } == pictures(model.picturePreparation))
    }

    @Test(arguments: [
        ("clip", "config.json", "\"quick_gelu\"", "\"mish\"", "hidden_act"),
        ("clip", "config.json", "\"image_size\": 42", "\"image_size\": 56", "image_size"),
        ("clip", "config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 4", "10"),
        ("clip", "preprocessor_config.json", "CLIPImageProcessor", "FlavaImageProcessor", "FlavaImageProcessor"),
        ("clip", "preprocessor_config.json", "\"resample\": 3", "\"resample\": 6", "resample"),
        ("clip", "preprocessor_config.json", "\"do_center_crop\": true", "\"do_center_crop\": false", "do_center_crop"),
        ("clip", "preprocessor_config.json", "shortest_edge", "longest_edge", "size"),
    ]) func `what this build cannot compute is refused by name`(
        name: String, file: String, value: String, other: String, named: String
    ) throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.fixtures.appending(path: "vision/\(name)"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let path = copy.appending(path: file)
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text.contains(value))
        try text.replacing(value, with: other).write(to: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: (any Error).self) {
            try ContrastiveModel.loadCLIP(Checkpoint(copy.path), compute: Compute(threads: 1))
        }
        #expect(error.map { "\($0)" }?.contains(named) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test func `a preprocessor within the processor's file is read first`() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.fixtures.appending(path: "vision/clip"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let inner = try String(contentsOf: copy.appending(path: "preprocessor_config.json"), encoding: .utf8)
        try "{\"image_processor\": \(inner), \"processor_class\": \"CLIPProcessor\"}".write(
            to: copy.appending(path: "processor_config.json"), atomically: true, encoding: .utf8)
        try inner.replacing("\"resample\": 3", with: "\"resample\": 0").write(
            to: copy.appending(path: "preprocessor_config.json"), atomically: true, encoding: .utf8)
        let (plain, nested) = (
            try contrastive("clip"), try ContrastiveModel.loadCLIP(Checkpoint(copy.path), compute: Compute(threads: 1))
        )
        #expect(pictures(nested.picturePreparation) == pictures(plain.picturePreparation))
    }
}
