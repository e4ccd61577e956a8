import HTTP
import JSON
import Tasks

/// `POST /v1/embeddings`: the vectors of texts; with `modality` (as infinity has it) of pictures and sounds, and with `messages` (as
/// vLLM has it) one vector of a text and a picture.
struct OpenAIEmbeddings: DialectTask {
    let embed: EmbedRoute
    let dialect: any Dialect = OpenAI()
    let produces = ["application/json"]

    static let format = InputOption.choice("encoding_format", among: ["float", "base64"])
    static let modality = InputOption.choice("modality", among: DialectVectors.Modality.allCases.map(\.rawValue))

    let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
        ],
        options: [
            EmbedRoute.normalize.rule, EmbedRoute.encoding.rule, Self.format.rule, Self.modality.rule,
            DialectVectors.dimensions.rule, ModelChoice.option.rule,
        ])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        embed.suits(card, request, inputs?.elements.first)
    }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        OpenAI.ignoreOrganisation(&members)
        try members.options(
            [
                Self.format.rule, Self.modality.rule, DialectVectors.dimensions.rule, EmbedRoute.normalize.rule,
                ModelChoice.option.rule,
            ], into: &inputs)
        let options: [(OptionRule, JSONValue)] = [
            (EmbedRoute.encoding.rule, .string("base64")),
            (EmbedRoute.normalize.rule, .boolean(inputs[EmbedRoute.normalize])),
        ]
        let modality = DialectVectors.Modality(rawValue: inputs[Self.modality]) ?? .text
        if let messages = members.take("messages") {
            try members.refuse("input", "\"messages\" say what to embed; send one or the other")
            inputs.add(element: try Self.element(messages, inputs.rules, options, limits))
        } else {
            try DialectVectors.read(members.take("input"), "input", modality, into: &inputs, limits, options: options)
        }
        try members.end()
    }

    /// What messages say and show, as the parts of one vector.
    private static func element(
        _ messages: JSONValue, _ rules: InputRules, _ options: [(OptionRule, JSONValue)], _ limits: BodyLimits
    ) throws(Problem) -> RequestInputs {
        var element = try RequestInputs(rules, query: nil)
        for (rule, value) in options { try element.add(rule, .json(value)) }
        let conversation = try OpenAIMessages(messages, limits).conversation
        let (texts, images) = (conversation.texts, conversation.images)
        guard texts.count <= 1, images.count <= 1, texts.count + images.count > 0 else {
            throw Problem(
                .invalidText,
                "\"messages\" have \(texts.count) texts and \(images.count) pictures; a vector is of one of each at most.",
                members: ["part": .string("messages")])
        }
        if let text = texts.first { try element.add(text: "text", text, maxBytes: limits.text) }
        if let image = images.first { try element.add(file: "image", image) }
        return element
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard !inputs.elements.isEmpty else { throw Problem.missing("input", "send a text, or an array of texts") }
        let answers = try await embed.answers(inputs.elements, request.asked(), engine)
        let (isBase64, dimensions) = (inputs[Self.format] == "base64", inputs[DialectVectors.dimensions])
        let (normalizes, model) = (inputs[EmbedRoute.normalize], engine.card.name)
        return .whole(
            try await embed.media.written(for: request, many: answers.count > 1) {
                let vectors = try DialectVectors.vectors(answers, cutTo: dimensions, normalizes: normalizes)
                return try Self.response(vectors, isBase64: isBase64, model)
            })
    }

    private static func response(
        _ vectors: [DialectVectors.Answer], isBase64: Bool, _ model: String
    ) throws(JSONError) -> HTTPResponse {
        try .json { json throws(JSONError) in
            json.field("object", "list")
            try json.field("data") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for (place, vector) in vectors.enumerated() {
                        try json.object { json throws(JSONError) in
                            json.field("object", "embedding")
                            json.field("index", place)
                            if isBase64 {
                                json.field("embedding", vector.base64)
                            } else {
                                try json.field("embedding", vector.vector)
                            }
                        }
                    }
                }
            }
            json.field("model", model)
            OpenAI.write(OpenAI.Usage(read: vectors.reduce(0) { $0 + $1.tokens }), to: &json)
        }
    }
}

extension MediaIntake {
    /// An answer that is written from those of a list: on the decoder threads where there are many, since requests wait for each
    /// other where they are answered.
    func written(
        for request: Request, many: Bool, _ write: @escaping @Sendable () throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        guard many else { return try write() }
        return try await compute(for: request) { Result { try write() } }.get()
    }
}
