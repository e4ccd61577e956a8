import HTTP
import JSON
import Scheduler
import Tasks

/// `POST /v1/vqa`: a photo and a question in, the likeliest answers out: of those that a head knows, or as a model writes them.
struct VQARoute: TaskRoute {
    static let top = InputOption.integer("top", in: 1...20, standard: 5)
    static let stream = InputOption.boolean("stream", standard: false)
    static let explain = InputOption.boolean("explain", standard: false)
    /// Where it is not given, a question that asks for words has them read.
    static let read = InputOption.boolean("read", usually: false)

    let rules = InputRules(
        parts: [.init(name: "image", kind: .image), .init(name: "question", kind: .text)],
        options: [
            Self.top.rule, Self.stream.rule, Self.explain.rule, Certainty.option.rule, Self.read.rule,
            ModelChoice.option.rule,
        ] + WritingOptions.rules)
    let produces = ["application/json", "text/event-stream"]
    let media: MediaIntake
    let certainty: Certainty
    let pings: PingClock

    func effort(_ inputs: RequestInputs) -> String {
        inputs[Self.read] ?? (QuestionOfWords(inputs.text("question") ?? "") != nil) ? "read" : ""
    }

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("vqa")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "vqa")
        if let picture = engine.card.answeredInput {
            return try await write(about: picture, request, inputs, engine)
        }
        guard let head = engine.card.head(of: "vqa") else { throw Problem.taskNotAvailable("vqa", engine.card) }
        try WritingOptions.refuse(inputs, engine.card)
        let question = HeadRequest(head: head, task: "vqa", metrics: media.metrics)
        try question.checkParts(inputs)
        try Self.checkWords(inputs.text("question") ?? "")
        let streams = inputs[Self.stream] || request.prefersEventStream
        let explains = inputs[Self.explain]
        try Problem.refuse(explaining: explains, aStream: streams)
        try PictureWords.check(inputs, isRead: inputs[Self.read] ?? false, engine.card)
        let asked = QuestionOfWords(inputs.text("question") ?? "")
        let reads = inputs[Self.read] ?? (asked != nil && engine.card.tasks.contains("read"))
        let taken = try await media.take(
            head.inputs, of: inputs, for: request, engine, task: "vqa", explains: explains, reads: reads)
        return try await EventStream.single(streams, request) {
            var taken = taken
            try await engine.readWords(of: &taken, for: request, media.metrics, task: "vqa")
            let answer = try await question.ask(taken, explains: explains, request, engine)
            let written = taken.words.flatMap { asked?.answer(in: $0.read) }
            let explanation = try await answer.explanation(of: taken, request, media)
            return try response(answer, written, explanation, head, taken, inputs, request, engine)
        }
    }

    /// A question is asked in words: letters or digits of any script.
    static func checkWords(_ question: String) throws(Problem) {
        guard
            question.unicodeScalars.contains(where: { $0.properties.isAlphabetic || $0.properties.numericType != nil })
        else {
            throw Problem(
                .invalidText, "The text \"question\" has no words; ask something such as \"what is the dog doing?\".",
                members: ["part": .string("question")])
        }
    }

    private func response(
        _ answer: HeadRequest.Answer, _ written: ReadAnswer?, _ explanation: Explanation?, _ head: HeadDescription,
        _ taken: TakenParts, _ inputs: RequestInputs, _ request: Request, _ engine: any Engine
    ) throws -> HTTPResponse {
        let verdict = try certainty.verdict(
            on: written.map(Confidence.init) ?? answer.classification.confidence, inputs, engine.card,
            explains: inputs[Self.explain])
        let ranked = head.ranked(answer.classification.probabilities, behind: written)
        let timing = answer.timing.ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            try verdict.write("answer", ranked.first?.label ?? "", to: &json)
            try json.field("answers") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for (place, (label, probability)) in ranked.prefix(inputs[Self.top]).enumerated() {
                        try json.object { json throws(JSONError) in
                            json.field("answer", label)
                            try json.field("probability", probability)
                            if place == 0, written != nil { json.field("source", "words") }
                        }
                    }
                }
            }
            try taken.writeWords(to: &json)
            try explanation?.write(to: &json)
            try frame.write(to: &json)
        }
    }
}
