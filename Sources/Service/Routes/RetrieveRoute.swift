import HTTP
import JSON
import Retrieval
import Tasks

/// `POST /v1/retrieve`: the items of a collection, or candidates sent along, that are nearest to a query.
struct RetrieveRoute: CollectionRoute {
    static let collection = InputOption.text("collection", maxLength: CollectionName.maxBytes)
    static let top = InputOption.integer("top", in: 1...1000, standard: 10)
    static let explain = InputOption.boolean("explain", standard: false)

    let rules = InputRules(
        parts: VectorIntake.parts + [.init(name: "candidate", kind: .candidate), .init(name: "filter", kind: .object)],
        options: [Self.collection.rule, Self.top.rule] + EmbeddingOptions.rules
            + [Self.explain.rule, ModelChoice.option.rule])
    let store: CollectionStore?
    let vectors: VectorIntake
    let metrics: Metrics

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        VectorIntake.suits(card, inputs, for: inputs?[Self.collection], of: store)
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        if inputs[Self.explain] { try Self.checkExplanation(inputs, engine.card) }
        let filter = try inputs.object("filter").map { MetadataFilter($0) }
        switch (inputs[Self.collection], inputs.candidates.isEmpty) {
        case (let name?, true): return .whole(try await search(name, filter, request, inputs, engine))
        case (nil, false):
            guard filter == nil else {
                throw Problem(
                    .unexpectedPart, "Candidates have no metadata that a filter could look at; leave \"filter\" out.",
                    members: ["part": .string("filter")])
            }
            return .whole(try await rank(request, inputs, engine))
        case (nil, true):
            throw Problem(
                .missingPart, "There is nothing to search; name a \"collection\", or send parts \"candidate\".",
                members: ["part": .string("candidate")])
        case (_?, false):
            throw Problem(
                .unexpectedPart,
                "Either a \"collection\" is searched or \"candidate\" parts are ranked; send one of them.",
                members: ["part": .string("candidate")])
        }
    }

    /// Refuses an explanation by a model that has no words for its vectors, and of vectors that are not the model's.
    private static func checkExplanation(_ inputs: RequestInputs, _ card: ModelCard) throws(Problem) {
        guard card.space?.hasConcepts == true else {
            throw Problem(
                .taskNotAvailable,
                "The model \(card.name) has no phrases to explain vectors with; leave the option \"explain\" out.",
                members: ["option": .string("explain")])
        }
        guard inputs.value("embedding") == nil || inputs.has(ModelChoice.option) else {
            throw Problem(
                .invalidOption,
                "An \"embedding\" can be explained where it is the model's own; say so with \"model\", or leave \"explain\" "
                    + "out.", members: ["option": .string("explain")])
        }
    }

    // MARK: A collection

    private func search(
        _ name: String, _ filter: MetadataFilter?, _ request: Request, _ inputs: RequestInputs, _ engine: any Engine
    ) async throws -> HTTPResponse {
        let store = try opened()
        // Before anything is computed: whether there is such a collection.
        _ = try store.collection(name)
        let taken = try await vectors.take(inputs, request, engine, into: (store, name))
        let explains = inputs[Self.explain]
        let start = ContinuousClock.now
        let found = try await store.search(
            name, taken.vector, from: taken.source, top: inputs[Self.top], filter: filter,
            keepsVectors: explains || !taken.keys.isEmpty)
        let hits = found.map {
            RetrieveAnswer.Hit(id: $0.item.id.text, score: Double($0.score), vector: $0.vector ?? [], item: $0.item)
        }
        let took = start.duration(to: .now)
        return try await response(RetrieveAnswer(collection: name, hits: hits), taken, explains, took, request, engine)
    }

    // MARK: Candidates

    private func rank(
        _ request: Request, _ inputs: RequestInputs, _ engine: any Engine
    ) async throws -> HTTPResponse {
        var taken = try await vectors.take(inputs, request, engine)
        let query = try Item.unit(taken.vector)
        let candidates = try await vectors.candidates(inputs, request, engine, dimension: query.count)
        taken.candidates = candidates.map(\.understood)
        let start = ContinuousClock.now
        let scores = candidates.map { cosine(query, $0.vector) }
        // By score; of equal ones the first that was sent.
        let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let hits = order.prefix(inputs[Self.top]).map {
            RetrieveAnswer.Hit(id: String($0), score: scores[$0], vector: candidates[$0].vector, item: nil)
        }
        let took = start.duration(to: .now)
        return try await response(
            RetrieveAnswer(collection: nil, hits: hits), taken, inputs[Self.explain], took, request, engine)
    }

    private func response(
        _ found: RetrieveAnswer, _ taken: VectorIntake.Taken, _ explains: Bool, _ search: Duration, _ request: Request,
        _ engine: any Engine
    ) async throws -> HTTPResponse {
        var answer = found
        answer.score(by: taken.keys)
        if explains { try await answer.explain(taken, engine) }
        var timing = taken.timing
        timing.search = search
        metrics.stages("retrieve", engine.card.name, "search").observe(search.inSeconds)
        timing = timing.ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood,
            candidates: taken.candidates)
        return try .json(headers: timing.headers) { [answer] json throws(JSONError) in
            try answer.write(to: &json)
            try frame.write(to: &json)
        }
    }
}
