import Checkpoint
import Foundation
import Testing
import Tokenizer

@testable import Tasks

/// Tests/Fixtures/bert: small random BERTs, and what sentence-transformers makes of texts with them (make_bert.py).
@Suite struct `A published sentence encoder` {
    private struct Golden: Decodable {
        let texts: [String]
        let vectors: [String: [[Float]]]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/bert")

    private let golden: Golden

    init() throws {
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: Self.folder.appending(path: "golden.json")))
    }

    private func vectors(_ model: SentenceModel, _ texts: [String]) -> [[Float]] {
        model.encode(texts.map(model.textPreparation.encode)).map(model.vector)
    }

    /// A copy of a fixture that may be spoiled.
    private func copy(_ name: String) throws -> URL {
        let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.folder.appending(path: name), to: copy)
        return copy
    }

    @Test(arguments: ["mean", "cls", "max"]) func `gives the vectors of sentence-transformers`(_ name: String) throws {
        let model = try SentenceModel.load(
            Checkpoint(Self.folder.appending(path: name).path), compute: Compute(threads: 2))
        let expected = try #require(golden.vectors[name])
        for (text, (vector, wanted)) in zip(golden.texts, zip(vectors(model, golden.texts), expected)) {
            let cosine = zip(vector, wanted).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(cosine >= 0.99999, "\(text): \(cosine)")
            #expect(zip(vector, wanted).allSatisfy { abs($0 - $1) <= 1e-4 }, "\(text)")
        }
        #expect(Set(expected.map { $0.map { ($0 * 100).rounded() } }).count >= golden.texts.count - 1)
    }

    @Test func `a text's vector depends neither on its company nor on the number of threads`() throws {
        let path = Self.folder.appending(path: "mean").path
        let (one, two) = (
            try SentenceModel.load(Checkpoint(path), compute: Compute(threads: 1)),
            try SentenceModel.load(Checkpoint(path), compute: Compute(threads: 2))
        )
        #expect(vectors(two, golden.texts) == golden.texts.flatMap { vectors(one, [$0]) })
    }

    @Test func `texts are cut at the limit that the tokenizer's configuration says`() throws {
        let model = try SentenceModel.load(
            Checkpoint(Self.folder.appending(path: "mean").path), compute: Compute(threads: 1))
        #expect(model.textPreparation.maxTokens == 16)
        let long = model.textPreparation.encode(String(repeating: "a ", count: 40))
        #expect(long.truncated && long.ids.count == 16)
    }

    @Test(arguments: [
        ("config.json", "\"gelu\"", "\"mish\"", "hidden_act"),
        ("config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 32", "heads 2 wide"),
        ("config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 3", "num_attention_heads"),
        ("config.json", "\"hidden_size\": 64", "\"hidden_size\": \"64\"", "hidden_size"),
        ("modules.json", "pooling.Pooling", "dense.Dense", "Dense"),
        ("1_Pooling/config.json", "\"mean\"", "\"lasttoken\"", "lasttoken"),
        ("tokenizer.json", "WordPiece", "SentencePieces", "tokenizer.json"),
    ]) func `what this build cannot compute is refused by name`(
        file: String, value: String, other: String, named: String
    ) throws {
        let folder = try copy("mean")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: file)
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text.contains(value))
        try text.replacing(value, with: other).write(to: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: (any Error).self) {
            try SentenceModel.load(Checkpoint(folder.path), compute: Compute(threads: 1))
        }
        #expect(error.map { "\($0)" }?.contains(named) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test func `a head that would be left out is named`() throws {
        let folder = try copy("cls")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "model.safetensors")
        var file = try Data(contentsOf: path)
        let name = "bert.encoder.layer.0.output.LayerNorm.bias"
        let place = try #require(file.range(of: Data("\"\(name)\"".utf8)))
        file.replaceSubrange(place, with: Data("\"classifier.\(name.dropFirst(11))\"".utf8))
        try file.write(to: path)
        let error = #expect(throws: CheckpointError.self) {
            try SentenceModel.load(Checkpoint(folder.path), compute: Compute(threads: 1))
        }
        #expect(error?.problems.count == 2 && error?.description.contains("classifier.") == true)
    }

    @Test func `poolings as they were written before are read`() throws {
        let folder = try copy("cls")
        defer { try? FileManager.default.removeItem(at: folder) }
        let old =
            #"{"word_embedding_dimension": 128, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#
        try old.write(to: folder.appending(path: "1_Pooling/config.json"), atomically: true, encoding: .utf8)
        let model = try SentenceModel.load(Checkpoint(folder.path), compute: Compute(threads: 1))
        let wanted = try #require(golden.vectors["cls"])
        #expect(zip(vectors(model, golden.texts)[0], wanted[0]).allSatisfy { abs($0 - $1) <= 1e-4 })
    }
}
