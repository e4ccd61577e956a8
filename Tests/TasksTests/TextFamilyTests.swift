import Checkpoint
import Foundation
import Testing
import Tokenizer

@testable import Tasks

/// Tests/Fixtures/text: small random encoders of each family, and what transformers and sentence-transformers make of texts with them
/// (make_text.py).
@Suite struct `A published encoder of texts` {
    private struct Golden: Decodable {
        let texts: [String]
        let pairs: [[String]]
        let vectors: [String: [[Float]]]
        let logits: [String: [[Float]]]
        let pair_logits: [String: [[Float]]]
        let scores: [String: [Float]]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/text")
    private let golden: Golden

    init() throws {
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: Self.folder.appending(path: "golden.json")))
    }

    private func classifier(_ name: String, threads: Int = 2) throws -> TextClassifierModel {
        try TextClassifierModel.load(
            Checkpoint(Self.folder.appending(path: name).path), compute: Compute(threads: threads))
    }

    private func encoded(_ pairs: [[String]], _ model: TextClassifierModel) throws -> [Tokenizer.Encoding] {
        let pair = try #require(model.textPreparation.pair)
        return pairs.map { pair.encode($0[0], $0[1]) }
    }

    private func expect(_ found: [[Float]], _ wanted: [[Float]]?, within tolerance: Float, _ name: String) throws {
        let wanted = try #require(wanted)
        #expect(found.count == wanted.count)
        for (place, (found, wanted)) in zip(found, wanted).enumerated() {
            #expect(found.count == wanted.count)
            #expect(
                zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance }, "\(name) \(place): \(found), not \(wanted)"
            )
        }
    }

    @Test(arguments: ["distilbert", "electra", "mpnet", "roberta", "xlm-roberta"])
    func `gives the vectors of sentence-transformers`(_ family: String) throws {
        let name = "\(family)-embed"
        let model = try SentenceModel.load(
            Checkpoint(Self.folder.appending(path: name).path), compute: Compute(threads: 2))
        #expect(model.identity.architecture == family)
        let vectors = model.encode(golden.texts.map(model.textPreparation.encode)).map(model.vector)
        try expect(vectors, golden.vectors[name], within: 1e-4, name)
        for (vector, wanted) in zip(vectors, golden.vectors[name] ?? []) {
            #expect(zip(vector, wanted).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } >= 0.99999)
        }
    }

    @Test(arguments: [
        "bert-labels", "bert-rank", "distilbert-labels", "electra-labels", "mpnet-labels", "roberta-labels",
        "xlm-roberta-rank",
    ]) func `gives the logits of transformers for texts and for pairs`(_ name: String) throws {
        let model = try classifier(name)
        let alone = model.logits(model.encode(golden.texts.map(model.textPreparation.encode)))
        try expect(alone, golden.logits[name], within: 1e-3, name)
        let pairs = model.logits(model.encode(try encoded(golden.pairs, model)))
        try expect(pairs, golden.pair_logits[name], within: 1e-3, name)
        if let scores = golden.scores[name] {
            try expect(pairs.map(model.scores), scores.map { [$0] }, within: 1e-3, name)
        }
    }

    @Test func `logits depend neither on what else is asked nor on the number of threads`() throws {
        let (one, two) = (try classifier("mpnet-labels", threads: 1), try classifier("mpnet-labels", threads: 2))
        let pairs = try encoded(golden.pairs, one)
        #expect(two.logits(two.encode(pairs)) == pairs.flatMap { one.logits(one.encode([$0])) })
    }

    @Test func `labels come from the configuration, and scores as its problem says`() throws {
        let (single, several, rank) = (
            try classifier("bert-labels"), try classifier("roberta-labels"), try classifier("xlm-roberta-rank")
        )
        #expect(single.labels == ["bad", "fair", "good"] && single.kind == .softmax)
        #expect(abs(single.scores([1, 2, 3]).reduce(0, +) - 1) < 1e-6)
        #expect(several.kind == .sigmoid && several.scores([0, 0, 0]) == [0.5, 0.5, 0.5])
        #expect(rank.labels == ["LABEL_0"] && rank.kind == .sigmoid)
        #expect(try classifier("bert-rank").kind == .identity)
    }

    @Test(arguments: [
        ("roberta-labels", "\"1\": \"fair\"", "\"7\": \"fair\"", "id2label"),
        ("roberta-labels", "multi_label_classification", "guessing", "problem_type"),
        ("mpnet-labels", "\"relative_attention_num_buckets\": 32", "\"relative_attention_num_buckets\": 8", "buckets"),
        ("bert-rank", "linear.Identity", "activation.Tanh", "activation_fn"),
        ("roberta-labels", "\"num_attention_heads\": 2", "\"num_attention_heads\": 3", "num_attention_heads"),
    ]) func `what this build cannot compute is refused by name`(
        name: String, value: String, other: String, named: String
    ) throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.folder.appending(path: name), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let path = copy.appending(path: "config.json")
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text.contains(value))
        try text.replacing(value, with: other).write(to: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: (any Error).self) {
            try TextClassifierModel.load(Checkpoint(copy.path), compute: Compute(threads: 1))
        }
        #expect(error.map { "\($0)" }?.contains(named) == true, "\(error.map { "\($0)" } ?? "")")
    }
}
