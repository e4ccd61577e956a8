import Foundation
import JSON
import Testing

@testable import Service
@testable import Tasks

/// What clients of text-embeddings-inference send and read.
@Suite struct `Clients of text-embeddings-inference` {
    private static func harness(_ names: String...) throws -> Harness {
        let harness = try Harness(isReady: false)
        let folder = Photo.folder.deletingLastPathComponent().appending(path: "text")
        try harness.service.serve(
            names.map { name in
                try Families.load(folder.appending(path: name).path, compute: Compute(threads: 2))
            })
        return harness
    }

    private func numbers(_ value: JSONValue?) -> [Double] { (value?.elements ?? []).compactMap(\.real) }

    @Test func `texts have the vectors of our own path`() throws {
        let harness = try Harness()
        let native = harness.post("/v1/embed", #"{"text": "a dog"}"#)
        for path in ["/embed", "/"] {
            let one = harness.post(path, #"{"inputs": "a dog"}"#)
            #expect(one.value()?.elements.map { numbers($0) } == [numbers(native.value("embedding"))], "\(one.text)")
            let two = harness.post(path, #"{"inputs": ["a dog", "a"], "normalize": false, "truncate": true}"#)
            #expect(two.value()?.elements.map { numbers($0).first } == [4, 3], "\(two.text)")
        }
        // Four tokens are what this model takes.
        #expect(harness.post("/embed", #"{"inputs": "a b c d e", "truncate": true}"#).status == 200)
        let long = harness.post("/embed", #"{"inputs": ["a", "a b c d e"], "truncate": false}"#)
        #expect(long.status == 422 && long.string("error")?.contains("inputs[1]") == true, "\(long.text)")
        let cut = harness.post("/embed", #"{"inputs": "a", "dimensions": 1}"#)
        #expect(numbers(cut.value()?.elements.first) == [1])
    }

    @Test(arguments: [
        "{}", #"{"inputs": 5}"#, #"{"inputs": []}"#, #"{"inputs": [1, 2]}"#, #"{"inputs": ""}"#,
        #"{"inputs": "a", "normalize": "yes"}"#, #"{"inputs": "a", "prompt_name": "query"}"#,
        #"{"inputs": "a", "truncation_direction": "left"}"#, #"{"inputs": "a", "model": "fake"}"#,
    ])
    func `what cannot be embedded is refused in words`(_ body: String) throws {
        let answer = try Harness().post("/embed", body)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(answer.string("error") != nil && answer.string("error_type") == "Validation", "\(answer.text)")
    }

    @Test(arguments: [
        "/", "/embed", "/similarity", "/rerank", "/predict", "/api/chat", "/api/generate", "/api/embed",
        "/api/embeddings",
        "/api/show", "/v1/embeddings", "/v1/chat/completions", "/v1/audio/transcriptions",
    ])
    func `a request without a body is refused, with a model and without`(_ path: String) throws {
        let harness = try Harness()
        for target in [path, "\(path)?model=fake"] {
            let answer = harness.send("POST", target)
            let loads = ["/api/chat", "/api/generate", "/api/show"].contains(path) && target != path
            #expect(answer.status == (loads ? 200 : 422), "\(target) \(answer.text)")
        }
    }

    @Test func `the model is chosen by the query, and one that is not served is refused`() throws {
        let harness = try Harness()
        #expect(harness.post("/embed?model=fake", #"{"inputs": "a"}"#).status == 200)
        let unknown = harness.post("/embed?model=fak", #"{"inputs": "a"}"#)
        #expect(unknown.status == 404 && unknown.string("error")?.contains("did you mean") == true)
        let starting = try Harness(isReady: false).post("/embed", #"{"inputs": "a"}"#)
        #expect(starting.status == 503 && starting.string("error_type") == "Unhealthy")
        #expect(starting.headers["Retry-After"] != nil)
    }

    @Test func `texts are ranked as our own path ranks them`() throws {
        let harness = try Self.harness("bert-rank")
        let native = harness.post("/v1/rerank", #"{"query": "owls", "documents": ["tea", "owls hunt", "a"]}"#)
        let results = native.value("results")?.elements ?? []
        for path in ["/rerank", "/"] {
            let answer = harness.post(
                path, #"{"query": "owls", "texts": ["tea", "owls hunt", "a"], "return_text": true}"#)
            let ranks = answer.value()?.elements ?? []
            #expect(
                ranks.count == 3 && ranks.map { $0.member("index") } == results.map { $0.member("index") },
                "\(answer.text)")
            #expect(ranks.map { $0.member("score") } == results.map { $0.member("score") })
            let texts = ["tea", "owls hunt", "a"]
            #expect(ranks.allSatisfy { $0.member("text")?.text == texts[$0.member("index")?.whole ?? 0] })
        }
        let raw = harness.post("/rerank", #"{"query": "owls", "texts": ["tea", "owls hunt", "a"], "raw_scores": true}"#)
        #expect(raw.value()?.elements.map { $0.member("score") } == results.map { $0.member("logit") })
        for body in ["{}", #"{"query": "a", "texts": []}"#, #"{"query": "a", "texts": [1]}"#, #"{"texts": ["a"]}"#] {
            #expect(harness.post("/rerank", body).status == 422)
        }
        let info = harness.send("GET", "/info")
        #expect(info.string("model_id") == "bert-rank" && info.value("model_type", "reranker") != nil, "\(info.text)")
    }

    @Test func `texts and pairs are told by labels, one or several`() throws {
        let harness = try Self.harness("bert-labels")
        let path = "/v1/classify/text-classification"
        func wanted(_ body: String) -> [String: Double] {
            guard case .object(let scores)? = harness.post(path, body).value("scores") else { return [:] }
            return Dictionary(uniqueKeysWithValues: scores.map { ($0, $1.real ?? -1) })
        }
        func told(_ list: JSONValue?) -> [String: Double] {
            Dictionary(
                uniqueKeysWithValues: (list?.elements ?? []).map {
                    ($0.member("label")?.text ?? "", $0.member("score")?.real ?? -1)
                })
        }
        let single = wanted(#"{"text": "a dog"}"#)
        let pair = wanted(#"{"text": "a dog", "text_pair": "a cat"}"#)
        #expect(single.count == 3 && pair.count == 3)
        for root in ["/predict", "/"] {
            #expect(told(harness.post(root, #"{"inputs": "a dog"}"#).value()) == single)
            #expect(told(harness.post(root, #"{"inputs": ["a dog", "a cat"]}"#).value()) == pair)
        }
        let batch = harness.post("/predict", #"{"inputs": [["a dog"], ["a dog", "a cat"]]}"#)
        #expect(batch.value()?.elements.map(told) == [single, pair], "\(batch.text)")
        let best = harness.post("/predict", #"{"inputs": "a dog", "parameters": {"top_k": 1}}"#)
        #expect(best.value()?.elements.count == 1)
        for body in [
            #"{"inputs": "a", "raw_scores": true}"#, #"{"inputs": ["a", "b", "c"]}"#, #"{"inputs": [["a"], "b"]}"#,
            #"{"inputs": 1}"#, "{}",
        ] {
            let answer = harness.post("/predict", body)
            #expect((answer.status == 422) == !body.contains(#"], "b""#), "\(answer.text)")
        }
        let embed = harness.post("/embed", #"{"inputs": "a"}"#)
        #expect(embed.status == 422 && embed.string("error_type") == "Validation", "\(embed.text)")
    }

    @Test func `texts are compared with one`() throws {
        let harness = try Harness(FakeModel(hasSpace: true))
        let body = #"{"inputs": {"source_sentence": "a dog", "sentences": ["a dog", "a cat"]}}"#
        for path in ["/similarity", "/"] {
            #expect(numbers(harness.post(path, body).value()) == [1, 1])
        }
        let none = harness.post("/similarity", #"{"inputs": {"source_sentence": "a"}}"#)
        #expect(none.status == 422 && none.string("error")?.contains("sentences") == true)
    }
}
