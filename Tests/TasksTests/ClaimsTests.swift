import Foundation
import Media
import Networks
import Testing

@testable import Tasks

/// A model of one's own, Tests/Fixtures/claims (make_claims.py): a picture and a claim about it, true or false. It is
/// served by what `config.json` says alone, and neither part by itself tells the answer.
@Suite struct ClaimsTests {
    private static let folder = TinyModel.folder.deletingLastPathComponent().appending(path: "claims")
    private static let shared = Result { try LoadedModel.load(folder.path, threads: 2) }
    private let model: LoadedModel
    private let claims: [Claim]

    private struct Claim {
        let picture: String
        let text: String
        let answer: String
    }

    init() throws {
        model = try Self.shared.get()
        let table = try String(contentsOf: Self.folder.appending(path: "claims.tsv"), encoding: .utf8)
        claims = table.split(separator: "\n").dropFirst().map { line in
            let columns = line.split(separator: "\t").map(String.init)
            return Claim(picture: columns[0], text: columns[1], answer: columns[2])
        }
    }

    private func picture(_ name: String) throws -> ModelInput {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: "pictures/\(name)")))
        let image = try ImageDecoder.decode(bytes, limits: ImageLimits())
        return .pixels(try model.pixels(of: image, part: "image"))
    }

    private func text(_ text: String) throws -> ModelInput { .text(try #require(model.textPreparation).encode(text)) }

    /// The parts of each claim as the head reads them.
    private func items(_ claims: some Collection<Claim>) throws -> [[String: TowerTokens]] {
        let tokens = model.encode(
            try claims.flatMap {
                [(tower: "picture", input: try picture($0.picture)), (tower: "words", input: try text($0.text))]
            })
        return stride(from: 0, to: tokens.count, by: 2).map { ["image": tokens[$0], "text": tokens[$0 + 1]] }
    }

    private func classify(_ items: [[String: TowerTokens]], explain: Bool = false) throws -> [Classification] {
        try model.classify(head: "claim", items, explain: items.map { _ in explain })
    }

    private func accuracy(_ probabilities: [[Float]]) -> Double {
        let right = zip(probabilities, claims).filter { ($0[0] > $0[1] ? "true" : "false") == $1.answer }
        return Double(right.count) / Double(claims.count)
    }

    @Test func `the head is described by its configuration`() {
        #expect(
            model.heads.count == 1
                && model.heads.allSatisfy { $0.name == "claim" && $0.task == nil && $0.required.isEmpty })
        #expect(model.heads.map(\.labels) == [["true", "false"]])
        let inputs = model.heads.flatMap(\.inputs)
        #expect(inputs.map(\.part) == ["image", "text"] && inputs.map(\.tower) == ["picture", "words"])
        #expect(inputs.map(\.kind) == [.face, .text])
        #expect(model.tasks == ["classify", "embed"] && model.space == nil && model.captionInput == nil)
    }

    @Test func `picture and claim together tell what neither tells alone`() throws {
        let answers = try classify(items(claims))
        #expect(claims.count == 96)
        #expect(accuracy(answers.map(\.probabilities)) >= 0.9)
        #expect(accuracy(answers.compactMap { $0.alone["image"] }) <= 0.65)
        #expect(accuracy(answers.compactMap { $0.alone["text"] }) <= 0.65)
    }

    @Test func `probabilities, weights and attention are shares`() throws {
        for answer in try classify(items(claims.prefix(8)), explain: true) {
            let attention = try #require(answer.attention)
            #expect(attention["image"]?.count == 16 && attention["text"].map { $0.count > 3 } == true)
            let shares = [answer.probabilities, Array(answer.weights.values)] + answer.alone.values + attention.values
            for share in shares {
                #expect(abs(share.reduce(0, +) - 1) < 1e-5 && !share.contains { $0 < 0 })
            }
            #expect(Set(answer.alone.keys) == ["image", "text"] && Set(answer.weights.keys) == ["image", "text"])
        }
    }

    @Test func `an answer does not depend on its batch`() throws {
        let items = try items(claims.prefix(6))
        let alone = try items.map { try classify([$0])[0] }
        #expect(try classify(items) == alone)
        #expect(try classify(items.reversed()) == alone.reversed())
    }

    @Test func `one part alone is answered from, and weighs all`() throws {
        let item = try items(claims.prefix(1))[0]
        let answer = try classify([item.filter { $0.key == "image" }], explain: true)[0]
        #expect(answer.weights == ["image": 1] && Array(answer.alone.keys) == ["image"])
        // Nothing looks at a part that comes alone: it is told by how far the answer moves without each token.
        let looked = try #require(answer.attention)
        #expect(Array(looked.keys) == ["image"])
        #expect(abs((looked["image"] ?? []).reduce(0, +) - 1) < 1e-5)
    }

    @Test func `a head that there is not and parts that it does not read are refused`() throws {
        let item = try items(claims.prefix(1))[0]
        #expect(throws: TaskError.taskNotAvailable("mood", model: "claims")) {
            try model.classify(head: "mood", [item], explain: [false])
        }
        #expect(throws: TaskError.unexpectedPart("audio", head: "claim", parts: ["image", "text"])) {
            try classify([["audio": item["text"]].compactMapValues(\.self)])
        }
        #expect(throws: TaskError.missingParts(["image", "text"], head: "claim", all: false)) { try classify([[:]]) }
        #expect(throws: TaskError.taskNotAvailable("joint embeddings", model: "claims")) { try model.embed([]) }
    }
}

extension LoadedModel {
    /// The input of the tower that reads a part of a head, or of the space.
    func pixels(of image: PixelImage, part: String) throws -> [Float] {
        let inputs = heads.flatMap(\.inputs) + (space?.inputs ?? []) + towerInputs
        let picture = inputs.compactMap { input -> PicturePreparation? in
            switch input.preparation {
            case .image(let picture) where input.part == part, .face(let picture) where input.part == part: picture
            default: nil
            }
        }.first
        return try #require(picture).pixels(image, nil)
    }
}
