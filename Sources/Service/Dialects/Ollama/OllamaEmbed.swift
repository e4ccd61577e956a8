import HTTP
import JSON
import Tasks

/// `POST /api/embed`: the vectors of a text or of several; and `/api/embeddings`, the one of a prompt, as it was before.
struct OllamaEmbed: DialectTask {
    /// Whether it is the path for one prompt.
    let isOfPrompt: Bool
    let embed: EmbedRoute
    let dialect: any Dialect = Ollama()
    let produces = ["application/json"]

    static let truncate = InputOption.boolean("truncate", standard: true)

    let rules = InputRules(
        parts: [.init(name: "text", kind: .text)],
        options: [
            EmbedRoute.normalize.rule, EmbedRoute.encoding.rule, Self.truncate.rule, DialectVectors.dimensions.rule,
            ModelChoice.option.rule,
        ])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.embeddable.contains { $0.part == "text" }
    }

    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) -> any BodyReader { jsonReader(inputs, limits) }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        try Ollama.takeModel(&members, into: &inputs)
        Ollama.ignoreLoading(&members)
        // How a text is written; none is.
        members.ignore("options")
        if !isOfPrompt { try members.options([Self.truncate.rule, DialectVectors.dimensions.rule], into: &inputs) }
        let name = isOfPrompt ? "prompt" : "input"
        // The vectors of the older path are as the model makes them.
        try DialectVectors.read(
            members.take(name), name, into: &inputs, limits,
            options: [
                (EmbedRoute.encoding.rule, .string("base64")), (EmbedRoute.normalize.rule, .boolean(!isOfPrompt)),
            ])
        if isOfPrompt, inputs.elements.count > 1 {
            throw DialectMembers.refusal("prompt", "\"prompt\" takes one text; /api/embed takes several.")
        }
        try members.end()
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard inputs.has(ModelChoice.option) else { throw Problem.missing("model", "say which model is to answer") }
        guard !inputs.elements.isEmpty else { throw Problem.missing(isOfPrompt ? "prompt" : "input", "send a text") }
        let answers = try await embed.answers(inputs.elements, request.asked(), engine)
        let (dimensions, cuts, model) = (inputs[DialectVectors.dimensions], inputs[Self.truncate], engine.card.name)
        let (isOfPrompt, total) = (isOfPrompt, Int(request.age.inSeconds * 1e9))
        return .whole(
            try await embed.media.written(for: request, many: answers.count > 1) {
                let vectors = try DialectVectors.vectors(answers, cutTo: dimensions)
                if !cuts, let place = vectors.firstIndex(where: \.isTruncated) {
                    throw TEI.tooLong(answers.count > 1 ? "input[\(place)]" : "input", vectors[place].tokens)
                }
                return try .json { json throws(JSONError) in
                    if isOfPrompt {
                        try json.field("embedding", vectors.first?.vector ?? [])
                        return
                    }
                    json.field("model", model)
                    try json.field("embeddings") { json throws(JSONError) in
                        try json.array { json throws(JSONError) in
                            for vector in vectors { try json.value(vector.vector) }
                        }
                    }
                    json.field("total_duration", total)
                    json.field("load_duration", 0)
                    json.field("prompt_eval_count", vectors.reduce(0) { $0 + $1.tokens })
                }
            })
    }
}
