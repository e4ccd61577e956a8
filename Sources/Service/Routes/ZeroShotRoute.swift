import HTTP
import JSON
import Tasks

/// `POST /v1/classify/zero-shot`: a picture or a sound and any labels in, how well each fits it out.
struct ZeroShotRoute: TaskRoute {
    static let template = InputOption.text("template", maxLength: 1000)
    static let top = InputOption.integer("top", in: 1...1000)
    /// What a label stands in, as in transformers' pipelines.
    private static func usualTemplate(_ kind: PartSpec.Kind) -> String {
        kind == .sound ? "This is a sound of {}." : "This is a photo of {}."
    }
    private static let options = [Self.template.rule, Self.top.rule, ModelChoice.option.rule]
    private static let place = "{}"
    private static let mostLabels = 1000

    let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "label", kind: .label),
        ], options: Self.options)
    let produces = ["application/json"]
    let media: MediaIntake

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        guard let part = card.zeroShot?.input.part else { return false }
        return inputs?.has(part: part) ?? true
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard let zeroShot = engine.card.zeroShot else { throw Problem.taskNotAvailable("zero-shot", engine.card) }
        let (part, kind) = (zeroShot.input.part, zeroShot.input.kind)
        if let other = inputs.rules.given(inputs).first(where: { $0 != part }) {
            throw Problem(
                .unexpectedPart,
                "The model \(engine.card.name) tells \(kind == .sound ? "sounds" : "pictures") by labels and takes no part "
                    + "\"\(other)\"; leave it out, or ask a model that does.", members: ["part": .string(other)])
        }
        guard inputs.has(part: part) else {
            throw Problem.missing(part, "send the \(kind == .sound ? "sound" : "picture") that labels are for")
        }
        let labels = try Self.labels(inputs)
        let template = inputs[Self.template] ?? Self.usualTemplate(kind)
        let texts = try Self.texts(labels, template, for: kind).map(zeroShot.text.encode)
        let taken = try await media.take([zeroShot.input], of: inputs, for: request, engine, task: "zero-shot")
        guard let input = taken.inputs[part] else { throw NoScores() }
        let (output, job) = try await engine.compute(
            .zeroShot(ZeroShotQuestion(input: input, texts: texts)), for: request.work, onText: nil)
        guard case .scores(let scores) = output, scores.count == labels.count else { throw NoScores() }
        let ranked = Shares.ranked(labels, scores, isExclusive: zeroShot.isExclusive)
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return .whole(
            try .json(headers: timing.headers) { json throws(JSONError) in
                json.field("label", ranked.first?.label ?? "")
                try json.field("scores") { json throws(JSONError) in
                    try json.object { json throws(JSONError) in
                        for (label, score) in ranked.prefix(inputs[Self.top] ?? .max) { try json.field(label, score) }
                    }
                }
                try frame.write(to: &json)
            })
    }

    /// The labels in the order in which they came.
    private static func labels(_ inputs: RequestInputs) throws(Problem) -> [String] {
        let labels = inputs.candidates.compactMap { inputs.text($0) }
        switch labels.count {
        case 0:
            throw .missing("label", "send two or more, each in a field of that name, or in JSON as an array of texts")
        case 1:
            throw Problem(
                .missingPart,
                "There is one label, \"\(labels[0].prefix(64))\", and nothing to tell it from; send two or more.",
                members: ["part": .string("label")])
        case ...mostLabels: break
        default:
            throw Problem(
                .unexpectedPart, "There are \(labels.count) labels, and at most \(mostLabels) are taken; send fewer.",
                members: ["part": .string("label")])
        }
        var seen: Set<String> = []
        if let twice = labels.first(where: { !seen.insert($0).inserted }) {
            throw Problem(
                .unexpectedPart, "The label \"\(twice.prefix(64))\" is given twice; give it once.",
                members: ["part": .string("label")])
        }
        return labels
    }

    /// What the text tower reads of each label.
    private static func texts(
        _ labels: [String], _ template: String, for kind: PartSpec.Kind
    ) throws(Problem) -> [String] {
        guard template.contains(place) else {
            throw Problem(
                .invalidOption,
                "The option \"template\" is \"\(template.prefix(64))\", without a place for the label; write {} there, as in "
                    + "\"\(usualTemplate(kind))\".", members: ["option": .string("template")])
        }
        return labels.map { template.replacing(place, with: $0) }
    }

    /// The engine was asked for scores and gave something else.
    private struct NoScores: Error {}
}
