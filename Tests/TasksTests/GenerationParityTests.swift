import Foundation
import JSON
import Tensor
import Testing

@testable import Checkpoint
@testable import Tasks

/// Texts of a table of logits, found as transformers' `generate` finds them: see `Tests/Fixtures/generation`.
@Suite struct GenerationParityTests {
    private struct Case {
        let table: [[Float]]
        let prompt: [Int32]
        let settings: JSONCursor
        let texts: [[Int32]]
    }

    private let cases: [Case]

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/generation/generation.json")
        let root = JSONCursor(try JSONValue(parsing: Array(try Data(contentsOf: file))))
        let tables = try root.member("tables").elements().map { table in
            try table.elements().map { try $0.numbers().map(Float.init) }
        }
        cases = try root.member("cases").elements().map { element in
            Case(
                table: tables[try element.member("table").integer()],
                prompt: try element.member("prompt").integers(in: 0...100).map(Int32.init),
                settings: try element.member("settings"),
                texts: try element.member("texts").elements().map { try $0.integers(in: 0...100).map(Int32.init) })
        }
    }

    /// The texts that are found, best first.
    private func texts(_ example: Case) throws -> [[Int32]] {
        var reader = ConfigurationReader(file: "generation_config.json", example.settings)
        let usual = GenerationConfiguration(&reader, vocabulary: example.table.count)
        #expect(reader.problems.isEmpty)
        let options = GenerationOptions(candidates: usual.beams)
        let most = try #require(usual.maxNewTokens)
        var search = TokenSearch(SearchPlan(options, usual, maxTokens: most, endTokens: usual.endTokens))
        let rules = TokenRules(
            rules: options.rules(usual), endTokens: usual.endTokens, prompt: example.prompt, maxTokens: most)
        var steps = 0
        while !search.live.isEmpty {
            steps += 1
            try #require(steps <= most)
            let rows = search.live.map { hypothesis in
                let text = example.prompt + hypothesis.tokens
                return example.table[Int(text[text.count - 1])].map { $0 * (1 + 0.05 * Float(text.count - 1)) }
            }
            var logits = rows.flatMap(\.self)
            let live = search.live
            logits.withUnsafeMutableBufferPointer { all in
                let scores = rows.indices.map { row in
                    let width = example.table.count
                    let values = UnsafeMutableBufferPointer(rebasing: all[row * width..<(row + 1) * width])
                    return TokenScores(
                        values, need: search.need, rules, after: live[row].tokens, isSummed: usual.beams > 1,
                        pool: ComputePool(threads: 1))
                }
                _ = search.advance(scores)
            }
        }
        return search.hypotheses.map(\.tokens)
    }

    @Test func `texts are those of transformers, whatever the settings`() throws {
        #expect(cases.count == 260)
        for example in cases {
            #expect(try texts(example) == example.texts, "\(example.settings.value) behind \(example.prompt)")
        }
    }
}

@Suite struct GenerationConfigurationTests {
    private func read(_ json: String) throws -> (GenerationConfiguration, [String]) {
        var reader = ConfigurationReader(
            file: "generation_config.json", JSONCursor(try JSONValue(parsing: Array(json.utf8))))
        let configuration = GenerationConfiguration(&reader, vocabulary: 100)
        return (configuration, reader.problems.map { "\($0)" })
    }

    @Test func `what the file leaves out or calls null is as transformers has it`() throws {
        let (configuration, problems) = try read(#"{"max_length": null, "eos_token_id": 7, "suppress_tokens": null}"#)
        #expect(problems.isEmpty)
        #expect(configuration.beams == 1 && configuration.topK == 50 && !configuration.samples)
        #expect(configuration.endTokens == [7] && configuration.maxLength == nil && configuration.rules.isEmpty)
    }

    @Test func `a way of writing that there is not is refused by its name, all at once`() throws {
        let (_, problems) = try read(
            #"{"guidance_scale": 3, "typical_p": 0.5, "sequence_bias": [[[1], 2.0]], "top_h": null}"#)
        #expect(problems.count == 3)
        for name in ["guidance_scale", "typical_p", "sequence_bias"] {
            #expect(problems.contains { $0.contains(name) })
        }
    }

    @Test func `ids beyond the vocabulary are refused`() throws {
        #expect(try read(#"{"eos_token_id": [3, 100]}"#).1.count == 1)
        #expect(try read(#"{"bad_words_ids": [[1], []]}"#).1.count == 1)
    }
}
