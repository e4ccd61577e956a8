import Foundation
import JSON
import Testing

@testable import Service
@testable import Tasks

/// Small published models of Tests/Fixtures/text behind the service.
@Suite struct `Texts and pairs of them` {
    private struct Golden: Decodable {
        let texts: [String]
        let pairs: [[String]]
        let logits: [String: [[Double]]]
        let pair_logits: [String: [[Double]]]
    }

    private static let folder = Photo.folder.deletingLastPathComponent().appending(path: "text")
    private let golden: Golden

    init() throws {
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: Self.folder.appending(path: "golden.json")))
    }

    private func harness(_ name: String) throws -> Harness {
        let folder = Self.folder.appending(path: name).path
        let harness = try Harness(isReady: false)
        let model = try Families.load(folder, compute: Compute(threads: 2))
        try harness.service.serve(model)
        return harness
    }

    private func form(_ harness: Harness, _ path: String, _ fields: [(String, String)]) -> Answer {
        harness.send(form: path, Form(fields, image: nil))
    }

    private func json(_ harness: Harness, _ path: String, _ body: String) -> Answer {
        harness.send("POST", path, [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    private struct Ranks: Decodable {
        struct Rank: Decodable, Equatable {
            let index: Int
            let score: Double
            let logit: Double
            let truncated: Bool?
        }
        let results: [Rank]
    }

    private func ranks(_ answer: Answer) throws -> [Ranks.Rank] {
        #expect(answer.status == 200, "\(answer.text)")
        return try JSONDecoder().decode(Ranks.self, from: Data(answer.text.utf8)).results
    }

    @Test func `documents are ranked by a cross-encoder's scores`() throws {
        let harness = try harness("xlm-roberta-rank")
        // The first pair's first text is the query; a document of the third is longer than the model takes.
        let documents = golden.pairs.map { $0[1] }.filter { !$0.isEmpty }
        let query = golden.pairs[0][0]
        let found = try ranks(
            form(harness, "/v1/rerank", [("query", query)] + documents.map { ("document", $0) }))
        #expect(found.map(\.index).sorted() == Array(documents.indices))
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
        let first = try #require(found.first { $0.index == 0 })
        let wanted = try #require(golden.pair_logits["xlm-roberta-rank"]?[0][0])
        #expect(abs(first.logit - wanted) < 1e-3 && abs(first.score - 1 / (1 + exp(-wanted))) < 1e-3)
        #expect(found.first { $0.index == 2 }?.truncated == true && first.truncated == nil)
        let list = documents.map { "\"\($0)\"" }.joined(separator: ",")
        let top = try ranks(
            json(harness, "/v1/rerank", "{\"query\": \"\(query)\", \"documents\": [\(list)], \"top\": 2}"))
        #expect(top == Array(found.prefix(2)))
    }

    @Test func `without documents, and with a model that ranks none, the refusal says what to do`() throws {
        let harness = try harness("xlm-roberta-rank")
        #expect(form(harness, "/v1/rerank", [("query", "dog")]).text.contains("documents"))
        #expect(form(harness, "/v1/rerank", [("document", "dog")]).string("code") == "missing_part")
        for name in ["mpnet-labels", "mpnet-embed"] {
            let answer = form(try self.harness(name), "/v1/rerank", [("query", "dog"), ("document", "cat")])
            #expect(answer.status == 422 && answer.text.contains("cross-encoder"), "\(answer.text)")
        }
    }

    @Test func `texts are told by labels, alone and in pairs`() throws {
        let harness = try harness("bert-labels")
        func shares(_ logits: [Double]) -> [Double] {
            let powers = logits.map(exp)
            return powers.map { $0 / powers.reduce(0, +) }
        }
        func check(_ answer: Answer, _ logits: [Double]?) throws {
            #expect(answer.status == 200, "\(answer.text)")
            struct Scores: Decodable { let scores: [String: Double] }
            let scores = try JSONDecoder().decode(Scores.self, from: Data(answer.text.utf8)).scores
            for (label, share) in zip(["bad", "fair", "good"], shares(try #require(logits))) {
                #expect(abs((scores[label] ?? -1) - share) < 1e-3, "\(answer.text)")
            }
        }
        let path = "/v1/classify/text-classification"
        try check(form(harness, path, [("text", golden.texts[0])]), golden.logits["bert-labels"]?[0])
        let pair = golden.pairs[0]
        try check(
            form(harness, path, [("text", pair[0]), ("text_pair", pair[1])]), golden.pair_logits["bert-labels"]?[0])
        try check(
            json(harness, path, "{\"text\": \"\(pair[0])\", \"text_pair\": \"\(pair[1])\"}"),
            golden.pair_logits["bert-labels"]?[0])
        #expect(form(harness, path, [("text_pair", "dog")]).string("code") == "missing_part")
    }
}
