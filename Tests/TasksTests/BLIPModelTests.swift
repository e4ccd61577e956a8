import Checkpoint
import Foundation
import Media
import Networks
import Testing

@testable import Tasks

/// Tests/Fixtures/blip: small random BLIPs of the three kinds, and what transformers makes of photos and texts with them
/// (make_blip.py).
@Suite struct `Published BLIPs` {
    private struct Golden: Decodable {
        let photos: [String]
        let texts: [String]
        let caption: Captions
        let vqa: Questions
        let retrieval: Retrieval
    }

    private struct Captions: Decodable {
        let given: [Int32]
        let vision: [[Float]]
        /// For each photo [given, vocabulary].
        let logits: [[[Float]]]
        let cases: [Written]
    }

    private struct Questions: Decodable {
        let given: [Int32]
        let cases: [Written]
    }

    /// What is written in each way, the best text first, behind a prompt or to a question.
    private struct Written: Decodable {
        let photo: Int
        let prompt: String?
        let question: String?
        let tokens: [String: [[Int]]]
        let text: [String: [String]]
        /// Of an answer [given, vocabulary].
        let logits: [[Float]]?
    }

    private struct Retrieval: Decodable {
        struct Match: Decodable {
            let photo: Int, text: Int
            let logits: [Float], scores: [Float]
            let cosine: Float
        }

        let images: [[Float]]
        let texts: [[Float]]
        let matches: [Match]
    }

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private let golden: Golden
    private let photos: [PixelImage]

    init() throws {
        let file = Self.fixtures.appending(path: "blip/golden.json")
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
        photos = try golden.photos.map {
            try ImageDecoder.decode([UInt8](Data(contentsOf: Self.fixtures.appending(path: "media/\($0)"))))
        }
    }

    private static func load<Kind>(_ folder: URL, threads: Int = 2) throws -> Kind {
        try #require(try Families.load(folder.path, compute: Compute(threads: threads)) as? Kind)
    }

    private static func load<Kind>(_ name: String, threads: Int = 2) throws -> Kind {
        try load(fixtures.appending(path: "blip/\(name)"), threads: threads)
    }

    private func pixels(_ preparation: PicturePreparation) -> [[Float]] { photos.map { preparation.pixels($0, nil) } }

    private func expectNear(_ found: [Float], _ wanted: [Float], _ what: String) {
        #expect(found.count == wanted.count)
        let difference = zip(found, wanted).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        #expect(difference <= 1e-3, "\(what): \(difference)")
    }

    private func expectSame(_ vectors: [[Float]], _ wanted: [[Float]]) {
        #expect(vectors.count == wanted.count)
        for (vector, wanted) in zip(vectors, wanted) {
            let cosine = zip(ofLengthOne(vector), wanted).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(cosine >= 0.99999)
        }
    }

    /// The ways of the fixture that requests can ask for.
    private static let ways: [(name: String, options: GenerationOptions)] = {
        var long = GenerationOptions(beams: 5, maxTokens: 12)
        long.lengthPenalty = 2
        var short = GenerationOptions(beams: 5, maxTokens: 12)
        short.lengthPenalty = -1
        return [
            ("greedy", GenerationOptions()), ("beams 3", GenerationOptions(beams: 3)), ("beams 5, long", long),
            ("beams 5, short", short),
        ]
    }()

    private func finish(
        _ requests: [GenerationRequest], _ model: BLIPGenerator
    ) throws -> [TextGeneration<CrossAttentionMemory>] {
        let texts = try model.start(requests) {}.map { try $0.get() }
        while texts.contains(where: { !$0.isFinished }) { model.step(texts.filter { !$0.isFinished }) }
        return texts
    }

    private func request(
        _ written: Written, _ options: GenerationOptions, _ pixels: [[Float]]
    ) -> GenerationRequest {
        let image = ModelInput.pixels(pixels[written.photo])
        if let question = written.question { return .answer(image: image, question: question, options) }
        var options = options
        options.prompt = written.prompt
        return .caption(image: image, options)
    }

    /// What was generated behind the prompt, and its end.
    private func generated(
        _ text: TextGeneration<CrossAttentionMemory>, _ model: BLIPGenerator, _ prompt: String?
    ) throws -> [Int] {
        let best = try #require(text.candidates.first)
        let shown = try model.prompt(prompt).count - 1
        return best.ids.dropFirst(shown) + (best.isEnded ? model.usual.endTokens : [])
    }

    @Test(arguments: ["caption", "vqa"]) func `writes the tokens that transformers writes`(_ name: String) throws {
        let model: BLIPGenerator = try Self.load(name)
        let pixels = pixels(model.picturePreparation)
        let cases = name == "vqa" ? golden.vqa.cases : golden.caption.cases
        #expect(!cases.isEmpty)
        for way in Self.ways {
            let texts = try finish(cases.map { request($0, way.options, pixels) }, model)
            for (text, written) in zip(texts, cases) {
                let found = try generated(text, model, written.prompt)
                #expect(found == written.tokens[way.name]?.first, "\(way.name), photo \(written.photo)")
                #expect(text.candidates.first?.text == written.text[way.name]?.first)
            }
        }
    }

    @Test func `a caption's logits are those of transformers`() throws {
        let model: BLIPGenerator = try Self.load("caption")
        let states = model.encode(pictures: pixels(model.picturePreparation))
        for (state, wanted) in zip(states, golden.caption.vision) {
            expectNear(Array(state.values[state.width..<2 * state.width]), wanted, "the first patch")
        }
        for (memory, wanted) in zip(model.memories(ofPictures: states) {}, golden.caption.logits) {
            for length in 1...golden.caption.given.count {
                let found = model.logits(Array(golden.caption.given.prefix(length)), about: memory)
                expectNear(found, wanted[length - 1], "the logits behind \(length) tokens")
            }
        }
    }

    @Test func `an answer's logits are those of transformers`() throws {
        let model: BLIPGenerator = try Self.load("vqa")
        let pixels = pixels(model.picturePreparation)
        for written in golden.vqa.cases {
            let question = model.encode(question: try #require(written.question))
            let states = model.encode(pictures: [pixels[written.photo]])
            let memory = try #require(model.memories(ofQuestions: [question], about: states) {}.first)
            let logits = model.logits(golden.vqa.given, about: memory)
            expectNear(logits, try #require(written.logits?.last), "an answer")
        }
    }

    @Test func `a text fits a picture as well as transformers says`() throws {
        let model: BLIPRetriever = try Self.load("retrieval")
        let pixels = pixels(model.picturePreparation)
        let texts = golden.texts.map(model.textPreparation.encode)
        let matches = golden.retrieval.matches
        let logits = model.logits(matches.map { pixels[$0.photo] }, matches.map { texts[$0.text] })
        for (logits, match) in zip(logits, matches) { expectNear(logits, match.logits, "a match") }
        let questions = matches.map {
            HeadQuestion(head: "match", parts: ["image": .pixels(pixels[$0.photo]), "text": .text(texts[$0.text])])
        }
        for (answer, match) in zip(model.classify(questions) {}, matches) {
            expectNear(try answer.get().classification.probabilities, match.scores, "a score")
        }
        #expect(model.card.heads.map(\.labels) == [["no match", "match"]])
    }

    @Test func `photos and texts have the vectors of transformers`() throws {
        let model: BLIPRetriever = try Self.load("retrieval")
        let images = model.encode(media: pixels(model.picturePreparation))
        let texts = model.encode(texts: golden.texts.map(model.textPreparation.encode))
        expectSame(images, golden.retrieval.images)
        expectSame(texts, golden.retrieval.texts)
        for match in golden.retrieval.matches {
            let cosine = zip(ofLengthOne(images[match.photo]), ofLengthOne(texts[match.text])).reduce(0.0) {
                $0 + Double($1.0) * Double($1.1)
            }
            #expect(abs(cosine - Double(match.cosine)) < 1e-4)
        }
    }

    @Test(arguments: ["caption", "vqa"]) func `what is written depends neither on company nor on threads`(
        _ name: String
    ) throws {
        let (one, two): (BLIPGenerator, BLIPGenerator) = (try Self.load(name, threads: 1), try Self.load(name))
        let pixels = pixels(one.picturePreparation)
        let cases = name == "vqa" ? golden.vqa.cases : golden.caption.cases
        let requests = zip(cases, Self.ways + Self.ways).map { request($0, $1.options, pixels) }
        let together = try finish(requests, two).map(\.candidates)
        #expect(try requests.flatMap { try finish([$0], one).map(\.candidates) } == together)
    }

    @Test(arguments: [
        ("caption", "\"BlipForConditionalGeneration\"", "\"BlipModel\"", "BlipForQuestionAnswering"),
        ("caption", "\"is_decoder\": true", "\"is_decoder\": false", "is_decoder"),
        ("caption", "\"image_size\": 64", "\"image_size\": 80", "image_size"),
        ("vqa", "\"hidden_size\": 48,\n    \"image_size\"", "\"hidden_size\": 56,\n    \"image_size\"", "hidden_size"),
        ("retrieval", "\"image_text_hidden_size\": 24", "\"image_text_hidden_size\": 28", "vision_proj.weight"),
    ]) func `what cannot be computed is refused by name`(
        name: String, value: String, other: String, named: String
    ) throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.copyItem(at: Self.fixtures.appending(path: "blip/\(name)"), to: copy)
        let file = copy.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains(value))
        try text.replacing(value, with: other).write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: CheckpointError.self) {
            _ = try Families.load(copy.path, compute: Compute(threads: 1))
        }
        #expect(error.map { "\($0)".contains(named) } == true, "\(String(describing: error))")
    }

    @Test func `without an architecture the tensors say what it was made for`() throws {
        for name in ["caption", "vqa", "retrieval"] {
            let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: copy) }
            try FileManager.default.copyItem(at: Self.fixtures.appending(path: "blip/\(name)"), to: copy)
            let file = copy.appending(path: "config.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            try text.replacing("\"architectures\"", with: "\"unread\"")
                .write(to: file, atomically: true, encoding: .utf8)
            let card = try Families.load(copy.path, compute: Compute(threads: 1)).card
            #expect(card.tasks == ["caption": ["caption"], "vqa": ["vqa"]][name] ?? ["classify", "embed"])
        }
    }

    @Test func `a caption is not explained, and the words that it begins with leave room`() throws {
        let model: BLIPGenerator = try Self.load("caption")
        #expect(throws: TaskError.self) { try model.validate(GenerationOptions(explain: true)) }
        #expect(throws: TaskError.self) {
            try model.validate(GenerationOptions(prompt: String(repeating: "a ", count: 40)))
        }
        #expect(throws: Never.self) { try model.validate(GenerationOptions(beams: 3, prompt: "a photo of")) }
    }
}
