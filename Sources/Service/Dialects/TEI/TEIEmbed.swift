import HTTP
import JSON
import Tasks

/// `POST /embed`: the vectors of a text or of several.
struct TEIEmbed: DialectTask {
    let embed: EmbedRoute
    let dialect: any Dialect = TEI()
    let produces = ["application/json"]

    let rules = InputRules(
        parts: [.init(name: "text", kind: .text)],
        options: [
            EmbedRoute.normalize.rule, EmbedRoute.encoding.rule, TEI.truncate.rule, DialectVectors.dimensions.rule,
            ModelChoice.option.rule,
        ])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.embeddable.contains { $0.part == "text" }
    }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        try TEI.refuseReading(&members)
        try members.refuse("encoding_format", "vectors are arrays of numbers", unless: .string("float"))
        try members.options(
            [EmbedRoute.normalize.rule, TEI.truncate.rule, DialectVectors.dimensions.rule], into: &inputs)
        try DialectVectors.read(
            members.take("inputs"), "inputs", into: &inputs, limits,
            options: [
                (EmbedRoute.encoding.rule, .string("base64")),
                (EmbedRoute.normalize.rule, .boolean(inputs[EmbedRoute.normalize])),
            ])
        try members.end()
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard !inputs.elements.isEmpty else { throw Problem.missing("inputs", "send a text, or an array of texts") }
        let answers = try await embed.answers(inputs.elements, request.asked(), engine)
        let (dimensions, normalizes) = (inputs[DialectVectors.dimensions], inputs[EmbedRoute.normalize])
        let cuts = inputs[TEI.truncate] ?? true
        return .whole(
            try await embed.media.written(for: request, many: answers.count > 1) {
                let vectors = try DialectVectors.vectors(answers, cutTo: dimensions, normalizes: normalizes)
                if !cuts, let place = vectors.firstIndex(where: \.isTruncated) {
                    throw TEI.tooLong(answers.count > 1 ? "inputs[\(place)]" : "inputs", vectors[place].tokens)
                }
                return try TEI.list(request) { json throws(JSONError) in
                    for vector in vectors { try json.value(vector.vector) }
                }
            })
    }
}

/// `POST /similarity`: how near each of several texts is to one, as the cosine of the angle between their vectors.
struct TEISimilarity: DialectTask {
    let embed: EmbedRoute
    let dialect: any Dialect = TEI()
    let produces = ["application/json"]

    let rules = InputRules(
        parts: [.init(name: "text", kind: .text)],
        options: [EmbedRoute.encoding.rule, TEI.truncate.rule, ModelChoice.option.rule])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.embeddable.contains { $0.part == "text" }
    }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        if var parameters = try members.members("parameters") {
            try TEI.refuseReading(&parameters)
            try parameters.option("truncate", TEI.truncate.rule, into: &inputs)
            try parameters.end()
        }
        guard var nested = try members.members("inputs") else {
            throw .missing("inputs", "send {\"source_sentence\": \"…\", \"sentences\": [\"…\"]} in it")
        }
        let options: [(OptionRule, JSONValue)] = [(EmbedRoute.encoding.rule, .string("base64"))]
        guard let source = nested.take("source_sentence"), source.text != nil else {
            throw .missing("source_sentence", "send the text that the others are compared with")
        }
        guard let sentences = nested.take("sentences"), !sentences.elements.isEmpty else {
            throw .missing("sentences", "send an array of texts, at least one")
        }
        try DialectVectors.read(source, "source_sentence", into: &inputs, limits, options: options)
        try DialectVectors.read(sentences, "sentences", into: &inputs, limits, options: options)
        try nested.end()
        try members.end()
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard !inputs.elements.isEmpty else { throw Problem.missing("inputs", "send texts to compare") }
        let answers = try await embed.answers(inputs.elements, request.asked(), engine)
        let cuts = inputs[TEI.truncate] ?? true
        return .whole(
            try await embed.media.written(for: request, many: true) {
                let vectors = try DialectVectors.vectors(answers, cutTo: nil)
                if !cuts, let long = vectors.first(where: \.isTruncated) { throw TEI.tooLong("inputs", long.tokens) }
                return try TEI.list(request) { json throws(JSONError) in
                    for other in vectors.dropFirst() {
                        try json.value(
                            zip(vectors[0].vector, other.vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
                    }
                }
            })
    }
}
