import Foundation
import Media
import Networks
import Testing
import Tokenizer

@testable import Tasks

/// A small joint space, Tests/Fixtures/space (make_space.py): pictures read as photos or sketches, sounds, words, and what
/// they are together.
@Suite struct SpaceTests {
    private static let folder = TinyModel.folder.deletingLastPathComponent().appending(path: "space")
    private static let shared = Result { try LoadedModel.load(folder.path, threads: 2) }
    private let model: LoadedModel
    private let golden: [Item]

    private struct Item: Decodable {
        let pixels: UInt64
        let ids: [Int32]
        let mel: UInt64
        let frames: Int
        let keys: [String: [Float]]
        let queries: [Query]
        let concepts: [String: Nearest]
    }

    private struct Query: Decodable {
        let parts: [String]
        let view: String?
        let weight: Double
        let vector: [Float]
    }

    private struct Nearest: Decodable {
        let phrase: String
        let score: Float
    }

    init() throws {
        model = try Self.shared.get()
        golden = try JSONDecoder().decode(
            [Item].self, from: Data(contentsOf: Self.folder.appending(path: "golden.json")))
    }

    /// Numbers in [-1, 1), as `numbers` of make_towers.py makes them.
    private func numbers(_ count: Int, seed: UInt64) -> [Float] {
        (0..<count).map { index in
            var x = UInt64(index) &+ seed &* 0x9E37_79B9_7F4A_7C15
            x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
            return Float((x ^ (x >> 31)) >> 40) / 0x1p23 - 1
        }
    }

    /// The tokens of an item's parts.
    private func tokens(_ item: Item) -> [String: TowerTokens] {
        let text = Tokenizer.Encoding(ids: item.ids, truncated: false, totalTokens: item.ids.count)
        let inputs: [(part: String, tower: String, input: ModelInput)] = [
            ("image", "picture", .pixels(numbers(32 * 32, seed: item.pixels).map { $0 * 2 })),
            ("text", "words", .text(text)),
            ("audio", "noise", .mel([numbers(item.frames * 80, seed: item.mel)])),
        ]
        let tokens = model.encode(inputs.map { ($0.tower, $0.input) })
        return Dictionary(uniqueKeysWithValues: zip(inputs.map(\.part), tokens))
    }

    private func query(
        _ item: Item, _ parts: [String], view: PictureView? = nil, weight: Double? = nil
    ) -> SpaceQuery {
        SpaceQuery(parts: tokens(item).filter { parts.contains($0.key) }, view: view, weight: weight)
    }

    private func picture(_ name: String) throws -> [String: TowerTokens] {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: name)))
        let image = try ImageDecoder.decode(bytes, limits: ImageLimits())
        let tokens = model.encode([("picture", .pixels(try model.pixels(of: image, part: "image")))])
        return ["image": tokens[0]]
    }

    private func difference(_ a: [Float], _ b: [Float]) -> Float {
        #expect(a.count == b.count)
        return zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func `the space has parts, views and concepts; a sketch is no part`() throws {
        let space = try #require(model.space)
        #expect(space.dimensions == 24 && space.inputs.map(\.part) == ["image", "text", "audio"])
        #expect(space.views == [.photo, .sketch] && space.hasConcepts)
        #expect(model.heads.map(\.name) == ["view", "sound"])
    }

    @Test func `vectors of parts, composed queries and weights are those of PyTorch`() throws {
        for item in golden {
            let queries = item.queries.map {
                query(
                    item, $0.parts, view: $0.view.flatMap(PictureView.init),
                    weight: $0.parts.count > 1 && $0.parts.contains("text") ? $0.weight : nil)
            }
            for (made, expected) in zip(try model.embed(queries), item.queries) {
                #expect(difference(made.vector, expected.vector) < 2e-5, "\(expected.parts) \(expected.weight)")
                #expect(made.view?.rawValue == expected.view)
                #expect(Set(made.keys.keys) == Set(expected.parts))
                for (part, vector) in made.keys {
                    let read = part == "image" && made.view == .sketch ? "sketch" : part
                    #expect(difference(vector, item.keys[read] ?? []) < 2e-5)
                }
            }
        }
    }

    @Test func `a weight of 0 is the picture or sound alone, 1 the words alone, to the last bit`() throws {
        for (item, other) in golden.flatMap({ item in ["image", "audio"].map { (item, $0) } }) {
            let alone = try model.embed([query(item, [other]), query(item, ["text"])])
            let both = [other, "text"]
            let leaning = try model.embed([query(item, both, weight: 0), query(item, both, weight: 1)])
            #expect(leaning.map(\.vector) == alone.map(\.vector))
            let usual = try model.embed([query(item, both), query(item, both, weight: 0.5)])
            #expect(usual[0].vector == usual[1].vector)
        }
    }

    @Test func `the vector moves from the picture to the words without a jump`() throws {
        let item = golden[0]
        let weights = stride(from: 0, through: 1, by: 1.0 / 64).map { $0 }
        let made = try model.embed(weights.map { query(item, ["image", "text"], view: .photo, weight: $0) })
        let words = try #require(made.first?.keys["text"])
        func cosine(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        for (a, b) in zip(made, made.dropFirst()) { #expect(cosine(a.vector, b.vector) > 0.99) }
        #expect(cosine(made[64].vector, words) > cosine(made[32].vector, words))
        #expect(made.allSatisfy { abs(cosine($0.vector, $0.vector) - 1) < 1e-5 })
    }

    @Test func `a query's vector depends neither on its batch nor on the order of its parts`() throws {
        let queries = golden.flatMap { item in
            [
                query(item, ["image", "text"]), query(item, ["audio", "text", "image"], weight: 0.7),
                query(item, ["audio"]),
            ]
        }
        let alone = try queries.map { try model.embed([$0])[0] }
        #expect(try model.embed(queries) == alone)
        #expect(try model.embed(queries.reversed()) == alone.reversed())
    }

    @Test func `the model tells a photo from a sketch by the same tokens, and reads it so`() throws {
        let (photo, sketch) = (try picture("photo.png"), try picture("sketch.png"))
        let told = try model.embed([SpaceQuery(parts: photo), SpaceQuery(parts: sketch)])
        #expect(told.map(\.view) == [.photo, .sketch])
        let said = try model.embed([
            SpaceQuery(parts: photo, view: .photo), SpaceQuery(parts: sketch, view: .sketch),
            SpaceQuery(parts: sketch, view: .photo),
        ])
        #expect(told == Array(said.prefix(2)))
        // What someone says is believed, and makes a difference.
        #expect(said[2].view == .photo && said[2].vector != said[1].vector)
    }

    @Test func `the nearest concepts are those of PyTorch, from any thread`() throws {
        for item in golden {
            let names = item.keys.keys.sorted()
            let found = model.concepts(nearest: names.compactMap { item.keys[$0] })
            for (name, concept) in zip(names, found) {
                let expected = try #require(item.concepts[name])
                #expect(concept.phrase == expected.phrase && abs(concept.score - expected.score) < 1e-5)
            }
        }
        #expect(model.concepts(nearest: []).isEmpty)
    }

    @Test(
        arguments: [
            (["text"], "sketch", nil, "view says what a picture is"), (["image"], nil, 0.5, "weight is the share"),
            (["text"], nil, 0.5, "weight is the share"), (["image", "audio"], nil, 0.2, "weight is the share"),
            (["image", "text"], nil, 1.5, "weight is 1.5"), (["image", "text"], nil, -0.1, "weight is -0.1"),
            (["image", "text"], nil, .nan, "weight is nan"), ([], nil, nil, "give it image or text or audio"),
            (["sketch"], nil, nil, "does not read the part sketch"),
        ] as [([String], String?, Double?, String)])
    func `a query that makes no sense is refused`(
        parts: [String], view: String?, weight: Double?, problem: String
    ) throws {
        let tokens = tokens(golden[0])
        let given = parts.compactMap { part in tokens[part == "sketch" ? "image" : part].map { (part, $0) } }
        let query = SpaceQuery(
            parts: Dictionary(uniqueKeysWithValues: given), view: view.flatMap(PictureView.init), weight: weight)
        let error = #expect(throws: TaskError.self) { try model.embed([query]) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }

    @Test func `a model without views reads a photo as always, and no sketch`() {
        let space = EmbeddingSpace(dimensions: 2, inputs: [])
        #expect(throws: Never.self) { try space.check(parts: ["image"], view: .photo, weight: nil) }
        #expect(throws: TaskError.viewNotAvailable(.sketch)) {
            try space.check(parts: ["image"], view: .sketch, weight: nil)
        }
    }
}
