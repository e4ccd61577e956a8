import Checkpoint
import Foundation
import Testing

@testable import Tasks

/// Tests/Fixtures/clap: small random CLAPs, and what transformers makes of sounds and texts with them (make_clap.py).
@Suite struct `Published models of sounds and texts` {
    private struct Golden: Decodable {
        let texts: [String]
        let labels: [String]
        let models: [String: Answers]
    }

    private struct Answers: Decodable {
        let texts: [[Float]]
        let cases: [Case]
    }

    private struct Case: Decodable {
        let seconds: Double
        let seed: Int
        let vector: [Float]
        let logits: [Float]
        let scores: [String: Float]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/clap")
    private static let names = ["plain", "fused"]

    private let golden: Golden

    init() throws {
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: Self.folder.appending(path: "golden.json")))
    }

    /// Two sines that come and go, as in make_clap.py, as the model takes them.
    private func input(_ wanted: Case, _ model: SoundTextModel) throws -> ModelInput {
        let (low, high) = (Double(150 + 40 * wanted.seed), Double(900 + 130 * wanted.seed))
        let samples = (0..<Int(wanted.seconds * 16_000)).map { index in
            let time = Double(index) / 16_000
            let swell = 0.5 + 0.5 * sin(2 * .pi * (0.7 + 0.2 * Double(wanted.seed)) * time)
            return Float(
                0.02 + 0.3 * swell * sin(2 * .pi * low * time) + 0.1 * (1 - swell) * sin(2 * .pi * high * time))
        }
        guard case .sound(let preparation) = model.media.preparation else { throw CancellationError() }
        return preparation.input(of: samples)
    }

    private func model(_ name: String, threads: Int = 2) throws -> SoundTextModel {
        let folder = Self.folder.appending(path: name).path
        return try #require(try Families.load(folder, compute: Compute(threads: threads)) as? SoundTextModel)
    }

    private func vector(_ parts: [String: ModelInput], _ model: SoundTextModel) throws -> [Float] {
        try #require(model.embed([EmbeddingQuery(parts: parts)]) {}.first).get().vector
    }

    private func distance(_ found: [Float], _ wanted: [Float]) -> Float {
        found.count == wanted.count ? zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
    }

    @Test(arguments: names) func `sounds and texts have the vectors and scores of transformers`(_ name: String) throws {
        let model = try model(name)
        let answers = try #require(golden.models[name])
        for (text, wanted) in zip(golden.texts, answers.texts) {
            let found = try vector(["text": .text(model.textPreparation.encode(text))], model)
            #expect(distance(found, wanted) < 1e-4, "\(text)")
        }
        let labels = golden.labels.map { model.textPreparation.encode("This is a sound of \($0).") }
        let vectors = model.encode(texts: labels)
        for wanted in answers.cases {
            let input = try input(wanted, model)
            let found = try vector(["audio": input], model)
            #expect(distance(found, wanted.vector) < 2e-4, "\(wanted.seconds) s: \(distance(found, wanted.vector))")
            #expect(distance(model.logits(sound: found, texts: vectors), wanted.logits) < 1e-3, "\(wanted.seconds) s")
            let scores = try #require(
                model.scores([ZeroShotQuestion(input: input, texts: labels)]) {}.first
            ).get()
            for (label, score) in zip(golden.labels, scores) {
                #expect(abs(score - (wanted.scores[label] ?? -1)) < 1e-3)
            }
        }
    }

    @Test func `a vector depends neither on its company nor on the number of threads`() throws {
        let (one, two) = (try model("plain", threads: 1), try model("plain"))
        let cases = try #require(golden.models["plain"]).cases
        let alone = try cases.map { try vector(["audio": input($0, one)], one) }
        let together = try two.embed(cases.map { EmbeddingQuery(parts: ["audio": try input($0, two)]) }) {}
        #expect(try together.map { try $0.get().vector } == alone)
    }

    @Test(arguments: [
        ("config.json", "\"window_size\": 4", "\"window_size\": 6", "window_size"),
        ("config.json", "\"spec_size\": 64", "\"spec_size\": 72", "num_mel_bins"),
        ("config.json", "\"enable_fusion\": false", "\"enable_fusion\": true", "enable_fusion"),
        ("preprocessor_config.json", "\"fft_window_size\": 512", "\"fft_window_size\": 500", "powers of two"),
    ]) func `what this build cannot compute is refused by name`(
        _ file: String, _ value: String, _ other: String, _ named: String
    ) throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.folder.appending(path: "plain"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let path = copy.appending(path: file)
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text.contains(value))
        try text.replacing(value, with: other).write(to: path, atomically: true, encoding: .utf8)
        let error = #expect(throws: CheckpointError.self) { try CLAPConfiguration(Checkpoint(copy.path)) }
        #expect(error?.description.contains(named) == true, "\(error.map(\.description) ?? "")")
    }
}
