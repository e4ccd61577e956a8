import HTTP
import JSON
import Scheduler
import Tasks

/// `POST /v1/classify/{head}`: what the head declares in, its labels with their probabilities out.
struct ClassifyRoute: TaskRoute {
    static let top = InputOption.integer("top", in: 1...1000)
    static let explain = InputOption.boolean("explain", standard: false)
    static let options = [
        Self.top.rule, Self.explain.rule, Certainty.option.rule, ThingsInParts.option.rule, PictureWords.read.rule,
        PictureWords.textFrom.rule, ModelChoice.option.rule,
    ]

    let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
            .init(name: "text_pair", kind: .text), .init(name: "question", kind: .text),
            .init(name: "features", kind: .features),
        ], options: Self.options)
    let produces = ["application/json"]
    let media: MediaIntake
    let certainty: Certainty

    func rules(for request: Request, _ card: ModelCard) throws(Problem) -> InputRules {
        let head = try head(request, card)
        return InputRules(
            parts: head.inputs.flatMap(\.rules), options: Self.options, subject: "the head \"\(head.name)\"",
            partsOfPath: rules.parts
        ).withPicture(for: head, card)
    }

    func effort(_ inputs: RequestInputs) -> String { PictureWords.effort(inputs) }

    /// The head that the path names.
    private func head(_ request: Request, _ card: ModelCard) throws(Problem) -> HeadDescription {
        guard !card.heads.isEmpty else { throw .taskNotAvailable("classify", card) }
        let name = request.parameters["head"] ?? ""
        if let head = card.heads.first(where: { $0.name == name }) { return head }
        let names = card.heads.map(\.name)
        let advice = nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" }
        throw Problem(
            .unknownHead,
            "The model \(card.name) has no head of this name; " + (advice ?? "it has \(names.quoted("and"))."))
    }

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.heads.contains { $0.name == request.parameters["head"] }
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "classify")
        let head = try head(request, engine.card)
        let question = HeadRequest(head: head, task: "classify", metrics: media.metrics)
        try ThingsInParts.check(inputs, head)
        let words = try PictureWords(inputs, head, engine.card)
        try question.checkParts(inputs, made: words.madeText?.part)
        let explains = inputs[Self.explain]
        var taken = try await media.take(
            words.inputs(of: head), of: inputs, for: request, engine, task: "classify", explains: explains,
            reads: words.isRead)
        try await words.read(&taken, for: head, explains: explains, request, engine, media, task: "classify")
        let answer = try await question.ask(
            taken, explains: explains, seesParts: inputs[ThingsInParts.option], request, engine)
        let verdict = try certainty.verdict(
            on: answer.classification.confidence, inputs, engine.card, explains: explains)
        let ranked = head.ranked(answer.classification.probabilities)
        let things = ThingsInParts.things(answer.classification, head, of: taken)
        let explanation = try await answer.explanation(of: taken, request, media)
        let timing = answer.timing.ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return .whole(
            try .json(headers: timing.headers) { json throws(JSONError) in
                try verdict.write("label", ranked.first?.label ?? "", to: &json)
                try json.field("scores") { json throws(JSONError) in
                    try json.object { json throws(JSONError) in
                        for (label, share) in ranked.prefix(inputs[Self.top] ?? .max) { try json.field(label, share) }
                    }
                }
                if let named = head.named(answer.classification.probabilities) {
                    try Self.write(named, isDeclined: verdict.isDeclined, most: inputs[Self.top] ?? .max, to: &json)
                }
                try things?.prefix(inputs[Self.top] ?? .max).write(to: &json)
                try taken.writeWords(to: &json)
                try explanation?.write(to: &json)
                try frame.write(to: &json)
            })
    }

    private static func write(
        _ named: HeadDescription.Named, isDeclined: Bool, most: Int, to json: inout JSONWriter
    ) throws(JSONError) {
        if isDeclined { try json.field("name", .null) } else { json.field("name", named.best.name) }
        try json.field("names") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for (name, share) in named.names.prefix(most) { try json.field(name, share) }
            }
        }
        json.field("above", isDeclined ? [] : named.best.above)
    }
}
