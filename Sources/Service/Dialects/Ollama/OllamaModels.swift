import HTTP
import JSON
import Tasks

/// `GET /api/tags` and `/api/version`.
struct OllamaModels: Sendable {
    let state: ServingState
    /// When the models came, for clients that want to know.
    let since = Ollama.now()

    var routes: [Route] {
        [
            get("/api/tags") { _ throws(Problem) in
                let cards = state.models
                return .written { json in
                    json.field("models") { json in
                        json.array { json in for card in cards { json.object { write(card, to: &$0) } } }
                    }
                }
            },
            get("/api/version") { _ throws(Problem) in .written { $0.field("version", Service.version) } },
        ]
    }

    private func get(
        _ template: String, _ answer: @escaping @Sendable (Request) throws(Problem) -> HTTPResponse
    ) -> Route {
        var route = Route.get(template, answer)
        route.dialect = Ollama()
        return route
    }

    private func write(_ card: ModelCard, to json: inout JSONWriter) {
        json.field("name", card.name)
        json.field("model", card.name)
        json.field("modified_at", since)
        let bytes = card.precision == "f32" ? 4 : 2
        json.field("size", card.parameters * bytes)
        json.field("digest", card.digest.hasPrefix("sha256:") ? String(card.digest.dropFirst(7)) : card.digest)
        Ollama.write(detailsOf: card, to: &json)
    }
}

/// `POST /api/show`: what is known of a model.
struct OllamaShow: DialectTask {
    let since = Ollama.now()
    let dialect: any Dialect = Ollama()
    let produces = ["application/json"]
    let rules = InputRules(parts: [], options: [ModelChoice.option.rule])

    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) -> any BodyReader { jsonReader(inputs, limits) }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        try Ollama.takeModel(&members, into: &inputs)
        members.ignore("verbose", "system", "template", "options")
        try members.end()
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard inputs.has(ModelChoice.option) else { throw Problem.missing("model", "say which model is meant") }
        let card = engine.card
        return .whole(
            .written { json in
                json.field("modelfile", "")
                json.field("parameters", "")
                json.field("template", "")
                Ollama.write(detailsOf: card, to: &json)
                json.field("model_info") { json in
                    json.object { json in
                        json.field("general.architecture", card.architecture)
                        json.field("general.parameter_count", card.parameters)
                    }
                }
                json.field("capabilities", Self.capabilities(card))
                json.field("modified_at", since)
            })
    }

    private static func capabilities(_ card: ModelCard) -> [String] {
        let writes = ConversationRoutes.suits(card)
        return (writes ? ["completion", "vision"] : [])
            + (card.embeddable.contains { $0.part == "text" } ? ["embedding"] : [])
    }
}
