import Checkpoint
import Foundation
import Media
import Networks
import Testing

@testable import Tasks

/// models/sensorium-base, or the checkpoint that SENSORIUM_TEST_MODEL names.
enum TestModel {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let directory =
        ProcessInfo.processInfo.environment["SENSORIUM_TEST_MODEL"]
        ?? root.appending(path: "models/sensorium-base").path
    static let hasWeights = FileManager.default.fileExists(atPath: directory + "/config.json")
}

/// The model against Tests/Fixtures/networks/golden.json, which `python -m training.golden` computed from the same
/// weights.
@Suite(.enabled(if: TestModel.hasWeights)) struct LoadedModelTests {
    private let golden: Golden
    /// Loaded once for all tests.
    private static let shared = Result { try LoadedModel.load(TestModel.directory, threads: 2) }
    private let model: LoadedModel

    private static let fixtures = TestModel.root.appending(path: "Tests/Fixtures/networks")

    init() throws {
        model = try Self.shared.get()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        golden = try decoder.decode(
            Golden.self, from: Data(contentsOf: Self.fixtures.appending(path: "golden.json")))
    }

    struct Golden: Decodable {
        let images: [Image]
        let texts: [Text]

        struct Image: Decodable {
            let name: String
            let tokens: Rows
            let embedding: [Float]
            let firstStepLogits: Logits
            let greedy: Caption
            let beam3: Caption
        }

        struct Rows: Decodable {
            let rows: [String: [Float]]
        }

        struct Logits: Decodable {
            /// Token and logit.
            let top: [[Double]]
            let first: [Float]
        }

        struct Caption: Decodable {
            let ids: [Int]
            let caption: String
            let logProbability: Double?
        }

        struct Text: Decodable {
            let text: String
            let ids: [Int32]
            let embedding: [Float]
        }
    }

    /// The golden images that are here: the pattern, and photos in the tower's size.
    private func images() throws -> [(golden: Golden.Image, pixels: [Float])] {
        let preprocessor = try #require(model.preprocessor)
        return try golden.images.compactMap { image in
            if image.name == "pattern" { return (image, preprocessor(pattern)) }
            let file = Self.fixtures.appending(path: "\(image.name).png")
            guard FileManager.default.fileExists(atPath: file.path) else { return nil }
            let photo = try ImageDecoder.decode([UInt8](Data(contentsOf: file)), limits: ImageLimits())
            return (image, preprocessor(photo))
        }
    }

    /// Channel c of pixel (x, y) is (3x + 5y + 40c + xy / 64) mod 256.
    private var pattern: PixelImage {
        let size = 260
        let pixels = (0..<size * size * 3).map { index in
            let (x, y, channel) = (index / 3 % size, index / 3 / size, index % 3)
            return UInt8((3 * x + 5 * y + 40 * channel + x * y / 64) % 256)
        }
        return PixelImage(width: size, height: size, pixels: pixels)
    }

    private func finish(_ generations: [CaptionGeneration]) {
        while generations.contains(where: { !$0.isFinished }) { model.step(generations) }
    }

    private func normalised(_ x: [Float]) -> [Float] {
        let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return x.map { $0 / length }
    }

    @Test func `sentence embeddings are those of all-MiniLM-L6-v2`() throws {
        let encodings = try golden.texts.map { try #require(model.textPreparation).encode($0.text) }
        #expect(encodings.map(\.ids) == golden.texts.map(\.ids))
        for (embedding, text) in zip(model.embedTexts(encodings), golden.texts) {
            let cosine = zip(normalised(embedding), normalised(text.embedding)).reduce(0) {
                $0 + Double($1.0) * Double($1.1)
            }
            #expect(cosine >= 0.99999, "\(text.text)")
        }
    }

    @Test func `image tokens and embeddings are those of PyTorch`() throws {
        let images = try images()
        #expect(images.count == 4)
        for (encoding, image) in zip(model.encodeImages(images.map(\.pixels)), images) {
            let channels = try #require(model.imageDimensions)
            for (row, expected) in image.golden.tokens.rows {
                let start = try #require(Int(row)) * channels
                for (found, value) in zip(encoding.tokens[start...], expected) {
                    #expect(abs(found - value) < 2e-3, "\(image.golden.name), row \(row)")
                }
            }
            for (found, value) in zip(normalised(model.imageEmbedding(encoding)), image.golden.embedding) {
                #expect(abs(found - value) < 1e-4, "\(image.golden.name)")
            }
        }
    }

    @Test func `first logits are those of PyTorch`() throws {
        for image in try images() {
            let logits = try model.firstStepLogits(model.encodeImages([image.pixels])[0])
            let expected = image.golden.firstStepLogits
            for (found, value) in zip(logits, expected.first) { #expect(abs(found - value) < 1e-3) }
            for entry in expected.top { #expect(abs(Double(logits[Int(entry[0])]) - entry[1]) < 1e-3) }
        }
    }

    @Test func `captions are those of PyTorch, computed all together`() throws {
        let images = try images()
        let encodings = model.encodeImages(images.map(\.pixels))
        let greedy = try model.startCaptions(encodings.map { ($0, GenerationOptions(beams: 1)) })
        let beams = try model.startCaptions(encodings.map { ($0, GenerationOptions(beams: 3, candidates: 3)) })
        finish(greedy + beams)
        for (index, image) in images.enumerated() {
            let one = try #require(greedy[index].candidates.first)
            #expect(one.ids == image.golden.greedy.ids)
            #expect(one.text == image.golden.greedy.caption)
            // PyTorch's best is by probability alone; the model's is by confidence.
            let candidates = beams[index].candidates
            let likeliest = try #require(candidates.max { $0.meanLogProbability < $1.meanLogProbability })
            #expect(likeliest.ids == image.golden.beam3.ids)
            #expect(likeliest.text == image.golden.beam3.caption)
            #expect(abs(likeliest.logProbability - (image.golden.beam3.logProbability ?? 0)) < 1e-3)
            let confidences = try candidates.map { try #require($0.confidence).value }
            #expect(confidences == confidences.sorted(by: >))
        }
    }

    private struct Things: Decodable {
        let photos: [String: [Entry]]

        struct Entry: Decodable {
            let label: String
            let probability: Float

            init(from decoder: any Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                label = try pair.decode(String.self)
                probability = try pair.decode(Float.self)
            }
        }
    }

    /// things.json is what `python -m training.things --golden` computed with the pretrained weights as they are published.
    @Test func `things are those that the pretrained network names`() throws {
        let golden = try JSONDecoder().decode(
            Things.self, from: Data(contentsOf: Self.fixtures.appending(path: "things.json")))
        let head = try #require(model.heads.first { $0.name == "things" })
        #expect(head.labels.count == 1000 && head.required == ["image"])
        var compared = 0
        for image in try images() {
            guard let things = golden.photos[image.golden.name] else { continue }
            let tokens = model.encode([("image_things", ModelInput.pixels(image.pixels))])
            let answer = try model.classify(head: "things", [["image": tokens[0]]], explain: [true])[0]
            let ranked = answer.probabilities.indices.sorted { answer.probabilities[$0] > answer.probabilities[$1] }
            // The rocket is a drilling platform or a missile, with hardly a difference.
            if things[0].probability - things[1].probability > 0.01 {
                #expect(head.labels[ranked[0]] == things[0].label, "\(image.golden.name)")
            }
            for thing in things {
                let label = try #require(head.labels.firstIndex(of: thing.label))
                #expect(abs(answer.probabilities[label] - thing.probability) < 0.01, "\(thing.label)")
            }
            #expect(answer.attention?["image"]?.count == 81)
            compared += 1
        }
        #expect(compared == 3)
    }

    @Test func `things are looked for in nine parts, of which one that has all of the picture's tokens says the same`()
        throws
    {
        let head = try #require(model.heads.first { $0.name == "things" })
        #expect(head.floorOfParts == 0.05)
        let tokens = try images().prefix(1).map { model.encode([("image_things", ModelInput.pixels($0.pixels))])[0] }
        let parts = model.parts(head: "things", of: tokens[0])
        #expect(parts.count == 9 && parts.allSatisfy { $0.probabilities.count == 1000 })
        #expect(parts.allSatisfy { abs($0.probabilities.reduce(0, +) - 1) < 1e-4 })
        #expect(model.parts(head: "vqa", of: tokens[0]).isEmpty)
        // A grid of five by five is one part, and that part is all of it.
        let width = tokens[0].width
        let small = TowerTokens(tokens: 25, width: width, values: Array(tokens[0].values.suffix(25 * width)))
        let whole = try model.classify(head: "things", [["image": small]], explain: [false])[0]
        let only = try #require(model.parts(head: "things", of: small).first)
        #expect(zip(only.probabilities, whole.probabilities).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func `one thread answers as two do, to the last bit`() throws {
        let images = try images()
        let alone = try LoadedModel.load(TestModel.directory, threads: 1)
        let texts = try golden.texts.map { try #require(model.textPreparation).encode($0.text) }
        #expect(texts.map { alone.embedTexts([$0])[0] } == model.embedTexts(texts))
        let encodings = model.encodeImages(images.map(\.pixels))
        for (encoding, image) in zip(encodings, images) {
            let same = alone.encodeImages([image.pixels])[0]
            #expect(same.tokens == encoding.tokens)
            #expect(try alone.firstStepLogits(same) == model.firstStepLogits(encoding))
        }
    }

    @Test func `the model says what it is and can do`() throws {
        #expect(model.name == "sensorium-base")
        #expect(model.architecture == "sensorium")
        #expect(model.tasks == ["caption", "emotion", "vqa", "classify", "embed", "read"])
        #expect(model.imageDimensions == 1280)
        #expect(model.textDimensions == 384)
        #expect(model.textTokenLimit == 256)
        #expect(model.captionTokenLimit == 64)
        #expect(model.parameters == (try Checkpoint.open(TestModel.directory)).parameterCount)
        #expect(model.digest.hasPrefix("sha256:") && model.digest != model.formerDigest)
        #expect(model.preprocessor?.width == 260 && model.preprocessor?.height == 260)
    }

    @Test func `options are refused before an image is decoded`() {
        #expect(throws: TaskError.unknownPromptWord("xylophonist")) {
            try model.validate(GenerationOptions(prompt: "a xylophonist"))
        }
        #expect(throws: TaskError.self) { try model.validate(GenerationOptions(maxTokens: 65)) }
    }
}

extension TextCandidate {
    /// Of a token, the end included, which these captions have.
    fileprivate var meanLogProbability: Double { logProbability / Double(ids.count + 1) }
}
