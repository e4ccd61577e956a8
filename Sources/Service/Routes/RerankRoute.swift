import HTTP
import JSON
import Tasks

/// `POST /v1/rerank`: a query and texts in, the texts by how well each answers it out.
struct RerankRoute: TaskRoute {
    static let top = InputOption.integer("top", in: 1...1000)
    private static let most = 1000

    let rules = InputRules(
        parts: [
            .init(name: "query", kind: .text), .init(name: "document", kind: .label),
            .init(name: "documents", kind: .label),
        ], options: [Self.top.rule, ModelChoice.option.rule])
    let produces = ["application/json"]
    let media: MediaIntake

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool { card.reranking != nil }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard let reranking = engine.card.reranking else { throw Self.notAvailable(engine.card) }
        guard let query = inputs.text("query") else {
            throw Problem.missing("query", "send what the documents are to answer")
        }
        let documents = try Self.documents(inputs)
        let start = ContinuousClock.now
        let pairs = try await media.compute(for: request) { documents.map { reranking.encode(query, $0) } }
        let decode = start.duration(to: .now)
        let (output, job) = try await engine.compute(.rank(pairs), for: request.work, onText: nil)
        guard case .scores(let logits) = output, logits.count == documents.count else { throw NoScores() }
        let ranked = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
        let timing = AnswerTiming(queue: job.queue, decode: decode, encode: job.begin).ended(request)
        let tokens = pairs.reduce(0) { $0 + $1.totalTokens }
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing,
            inputs: [.text(name: "documents", tokens: tokens, isTruncated: pairs.contains(where: \.truncated))])
        return .whole(
            try .json(headers: timing.headers) { json throws(JSONError) in
                try json.field("results") { json throws(JSONError) in
                    try json.array { json throws(JSONError) in
                        for index in ranked.prefix(inputs[Self.top] ?? .max) {
                            try json.object { json throws(JSONError) in
                                json.field("index", index)
                                try json.field("score", Self.rounded(reranking.score(logits[index])))
                                try json.field("logit", Self.rounded(logits[index]))
                                if pairs[index].truncated { json.field("truncated", true) }
                            }
                        }
                    }
                }
                try frame.write(to: &json)
            })
    }

    /// The documents in the order in which they came.
    private static func documents(_ inputs: RequestInputs) throws(Problem) -> [String] {
        let documents = inputs.candidates.compactMap { inputs.text($0) }
        guard !documents.isEmpty else {
            throw .missing(
                "document", "send one or more, each in a field of that name, or in JSON as an array \"documents\"")
        }
        guard documents.count <= most else {
            throw Problem(
                .unexpectedPart,
                "There are \(documents.count) documents, and at most \(most) are taken; send fewer.",
                members: ["part": .string("document")])
        }
        return documents
    }

    private static func notAvailable(_ card: ModelCard) -> Problem {
        Problem(
            .taskNotAvailable,
            "The model \(card.name) ranks no documents: that takes a cross-encoder, a model of texts with a head of one label (such as "
                + "ms-marco-MiniLM or bge-reranker). "
                + (card.space == nil
                    ? "GET /v1/models says what this one can do." : "With this one, compare vectors of /v1/embed."),
            members: ["task": .string("rerank")])
    }

    private static func rounded(_ number: Float) -> Double { (Double(number) * 1e6).rounded() / 1e6 }

    /// The engine was asked for scores and gave something else.
    private struct NoScores: Error {}
}
