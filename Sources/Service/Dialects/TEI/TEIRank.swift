import HTTP
import JSON
import Tasks

/// `POST /rerank`: texts by how well each answers a query.
struct TEIRerank: DialectTask {
    let rerank: RerankRoute
    let dialect: any Dialect = TEI()
    let produces = ["application/json"]

    static let returnText = InputOption.boolean("return_text", standard: false)

    let rules = InputRules(
        parts: [.init(name: "query", kind: .text), .init(name: "texts", kind: .label)],
        options: [TEI.truncate.rule, TEI.rawScores.rule, Self.returnText.rule, ModelChoice.option.rule])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool { card.reranking != nil }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        try TEI.refuseReading(&members)
        try members.options([TEI.truncate.rule, TEI.rawScores.rule, Self.returnText.rule], into: &inputs)
        guard let query = members.take("query")?.text else {
            throw .missing("query", "send what the texts are to answer")
        }
        try inputs.add(text: "query", query, maxBytes: limits.text)
        guard let texts = members.take("texts"), !texts.elements.isEmpty else {
            throw .missing("texts", "send an array of texts, at least one")
        }
        for text in texts.elements {
            let name = inputs.nameCandidate("texts")
            guard let text = text.text else {
                throw Problem(
                    .invalidText, "\"\(name)\" is \(text.summary); it takes a text.", members: ["part": .string(name)])
            }
            try inputs.add(text: name, text, maxBytes: limits.text)
        }
        try members.end()
    }

    func effort(_ inputs: RequestInputs) -> String { "" }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let reply = try await rerank.answer(request.asked(), inputs, engine)
        guard case .whole(let response) = reply else { return reply }
        let results = try JSONValue(answer: response.body).member("results")?.elements ?? []
        if inputs[TEI.truncate] == false,
            let long = results.first(where: { $0.member("truncated") == .boolean(true) })?.member("index")?.whole
        {
            throw TEI.tooLong("texts[\(long)]", nil)
        }
        let score = inputs[TEI.rawScores] ? "logit" : "score"
        let texts = inputs[Self.returnText] ? inputs.candidates.map { inputs.text($0) ?? "" } : []
        return .whole(
            try TEI.list(request) { json throws(JSONError) in
                for result in results {
                    let index = result.member("index")?.whole ?? 0
                    try json.object { json throws(JSONError) in
                        json.field("index", index)
                        if texts.indices.contains(index) { json.field("text", texts[index]) }
                        try json.field("score", result.member(score)?.real ?? 0)
                    }
                }
            })
    }
}

/// `POST /predict`: the labels of a text, of a pair of texts, or of several of them.
struct TEIPredict: DialectTask {
    let classify: ClassifyRoute
    let dialect: any Dialect = TEI()
    let produces = ["application/json"]

    /// Whether the answer is a list of lists.
    static let isBatch = InputOption.boolean("batch", standard: false)

    let rules = InputRules(
        parts: [.init(name: "text", kind: .text), .init(name: "text_pair", kind: .text)],
        options: [ClassifyRoute.top.rule, TEI.truncate.rule, Self.isBatch.rule, ModelChoice.option.rule])

    /// The head of a model that tells texts by labels.
    static func head(of card: ModelCard) -> HeadDescription? {
        let heads = card.heads.filter { head in
            head.inputs.contains { $0.part == "text" && $0.kind == .text } && head.required.allSatisfy { $0 == "text" }
        }
        return heads.first { $0.name == "text-classification" } ?? heads.first
    }

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        Self.head(of: card) != nil
    }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        try TEI.refuseReading(&members)
        try members.refuse("raw_scores", "logits of labels are not told", unless: .boolean(false))
        try members.option("truncate", TEI.truncate.rule, into: &inputs)
        if var parameters = try members.members("parameters") {
            try parameters.option("top_k", ClassifyRoute.top.rule, into: &inputs)
            try parameters.refuse("function_to_apply", "the model's own is applied")
            try parameters.end()
        }
        guard let value = members.take("inputs") else {
            throw .missing("inputs", "send a text, a pair of texts, or an array of arrays of one or two texts")
        }
        var sequences: [JSONValue] = [value]
        if case .array? = value.elements.first {
            sequences = value.elements
            try inputs.add(Self.isBatch.rule, .json(.boolean(true)))
        }
        guard sequences.count <= DialectVectors.most else {
            throw Problem(
                .invalidText,
                "\"inputs\" has \(sequences.count) elements, and at most \(DialectVectors.most) are taken at once; send fewer.",
                members: ["part": .string("inputs")])
        }
        for (place, sequence) in sequences.enumerated() {
            inputs.add(
                element: try Self.element(
                    sequence, sequences.count > 1 ? "inputs[\(place)]" : "inputs", inputs, limits))
        }
        try members.end()
    }

    private static func element(
        _ value: JSONValue, _ name: String, _ inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> RequestInputs {
        let texts = (value.text == nil ? value.elements : [value]).compactMap(\.text)
        guard (1...2).contains(texts.count), value.text != nil || texts.count == value.elements.count else {
            throw Problem(
                .invalidText, "\"\(name)\" is \(value.summary); it takes a text, or an array of one or two.",
                members: ["part": .string("inputs")])
        }
        var element = try RequestInputs(inputs.rules, query: nil)
        if let top = inputs[ClassifyRoute.top] { try element.add(ClassifyRoute.top.rule, .json(.integer(top))) }
        do throws(Problem) {
            try element.add(text: "text", texts[0], maxBytes: limits.text)
        } catch {
            throw error.renaming(part: "text", name)
        }
        if texts.count == 2 { try element.add(text: "text_pair", texts[1], maxBytes: limits.text) }
        return element
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard !inputs.elements.isEmpty else {
            throw Problem.missing("inputs", "send a text, a pair of texts, or an array of arrays of one or two texts")
        }
        guard let head = Self.head(of: engine.card) else {
            throw Problem(
                .taskNotAvailable, "The model \(engine.card.name) tells no texts by labels.",
                members: ["task": .string("classify")])
        }
        let takesPairs = head.inputs.contains {
            if case .text(let text) = $0.preparation { text.pair != nil } else { false }
        }
        if !takesPairs, inputs.elements.contains(where: { $0.text("text_pair") != nil }) {
            throw Problem(
                .taskNotAvailable, "The model \(engine.card.name) reads one text at a time, and no pairs.",
                members: ["task": .string("classify")])
        }
        let answers = try await classify.answers(inputs.elements, request.asked(["head": head.name]), engine)
        let (isBatch, cuts) = (inputs[Self.isBatch], inputs[TEI.truncate] ?? true)
        return .whole(
            try await classify.media.written(for: request, many: answers.count > 1) {
                var predictions: [JSONValue] = []
                for (place, answer) in answers.enumerated() {
                    let answer = try JSONValue(answer: answer)
                    if !cuts, answer.member("inputs", "text", "truncated") == .boolean(true) {
                        throw TEI.tooLong(
                            isBatch ? "inputs[\(place)]" : "inputs", answer.member("inputs", "text", "tokens")?.whole)
                    }
                    predictions.append(Self.prediction(answer))
                }
                return try TEI.list(request) { json throws(JSONError) in
                    for prediction in isBatch ? predictions : predictions[0].elements { try json.value(prediction) }
                }
            })
    }

    /// Labels with their scores, best first.
    private static func prediction(_ answer: JSONValue) -> JSONValue {
        guard case .object(let scores)? = answer.member("scores") else { return .array([]) }
        return .array(
            scores.map { label, score in .object(JSONObject([("score", score), ("label", .string(label))])) })
    }
}
