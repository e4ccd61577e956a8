import HTTP
import JSON
import Tasks

/// `POST /`: whatever the model is for: vectors of texts, or what texts with a query, with a source sentence, or a classifier make it.
struct TEIRoot: DialectTask {
    let embed: TEIEmbed
    let similarity: TEISimilarity
    let rerank: TEIRerank
    let predict: TEIPredict
    let limits: BodyLimits
    let dialect: any Dialect = TEI()
    let produces = ["application/json"]

    let rules = InputRules(parts: [.init(name: "body", kind: .object)], options: [ModelChoice.option.rule])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        guard let body = inputs?.value("body") else { return true }
        return task(body, card)?.suits(card, request, nil) ?? false
    }

    /// What a body asks of a model.
    private func task(_ body: JSONValue, _ card: ModelCard) -> (any DialectTask)? {
        if body.member("query") != nil { return rerank }
        if case .object? = body.member("inputs") { return similarity }
        if card.embeddable.contains(where: { $0.part == "text" }) { return embed }
        return TEIPredict.head(of: card) == nil ? nil : predict
    }

    /// What it asks is known with the model.
    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        try inputs.add(value: "body", .object(body))
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard case .object(let members)? = inputs.value("body") else {
            throw Problem.missing("inputs", "send a text, or an array of texts")
        }
        guard let task = task(.object(members), engine.card) else {
            throw Problem(
                .taskNotAvailable,
                "The model \(engine.card.name) makes no vectors of texts, and tells none by labels or by how well they answer.",
                members: ["task": .string("embed")])
        }
        var read = try RequestInputs(task.rules, query: nil)
        try task.read(members, into: &read, limits)
        return try await task.answer(request, read, engine)
    }
}

/// `GET /info`: the model that answers where none is named.
struct TEIInfo: Sendable {
    let state: ServingState

    var route: Route {
        var route = Route.get("/info") { request throws(Problem) in
            let cards = try state.registry().cards
            let name = try QueryString(request.head.query).pairs.first { $0.name == "model" }?.value
            let isOfTexts: (ModelCard) -> Bool = { card in
                card.embeddable.contains { $0.part == "text" } || card.reranking != nil
                    || TEIPredict.head(of: card) != nil
            }
            let card = try name.map { name throws(Problem) in try state.registry().card(named: name) }
            guard let card = card ?? cards.first(where: isOfTexts) ?? cards.first else { throw Problem.isNotReady }
            return Self.response(card)
        }
        route.dialect = TEI()
        return route
    }

    private static func response(_ card: ModelCard) -> HTTPResponse {
        .written { json in
            json.field("model_id", card.name)
            json.field("model_sha", card.digest)
            json.field(
                "model_dtype", card.precision == "f32" ? "float32" : card.precision == "f16" ? "float16" : "bfloat16")
            json.field("model_type") { json in
                json.object { json in
                    if card.reranking != nil {
                        json.field("reranker") { write(labels: [], to: &$0) }
                    } else if card.embeddable.isEmpty, let head = TEIPredict.head(of: card) {
                        json.field("classifier") { write(labels: head.labels, to: &$0) }
                    } else {
                        json.field("embedding") { $0.object { _ in } }
                    }
                }
            }
            if let tokens = card.maxTextTokens { json.field("max_input_length", tokens) }
            json.field("max_client_batch_size", DialectVectors.most)
            json.field("auto_truncate", true)
        }
    }

    private static func write(labels: [String], to json: inout JSONWriter) {
        json.object { json in
            json.field("id2label") { json in
                json.object { json in for (id, label) in labels.enumerated() { json.field("\(id)", label) } }
            }
            json.field("label2id") { json in
                json.object { json in for (id, label) in labels.enumerated() { json.field(label, id) } }
            }
        }
    }
}
