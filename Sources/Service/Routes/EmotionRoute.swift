import HTTP
import JSON
import Media
import Scheduler
import Tasks

/// `POST /v1/emotion`: a face, a voice, words or measured features in, what is felt out, and what each of them alone says.
struct EmotionRoute: TaskRoute {
    static let face = InputOption.choice("face", among: ["auto", "whole", "all"])
    static let explain = InputOption.boolean("explain", standard: false)
    static let options = [
        Self.face.rule, Self.explain.rule, Certainty.option.rule, PictureWords.read.rule, PictureWords.textFrom.rule,
        ModelChoice.option.rule,
    ]

    let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
            .init(name: "features", kind: .features),
        ], options: Self.options)
    let produces = ["application/json"]
    let media: MediaIntake
    let certainty: Certainty

    func rules(for request: Request, _ card: ModelCard) throws(Problem) -> InputRules {
        let head = try head(card)
        return InputRules(
            parts: head.inputs.map(\.rule), options: Self.options, subject: "the emotion head of \(card.name)",
            partsOfPath: rules.parts
        ).withPicture(for: head, card)
    }

    func effort(_ inputs: RequestInputs) -> String { PictureWords.effort(inputs) }

    private func head(_ card: ModelCard) throws(Problem) -> HeadDescription {
        guard let head = card.head(of: "emotion") else { throw .taskNotAvailable("emotion", card) }
        return head
    }

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("emotion")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "emotion")
        let head = try head(engine.card)
        let question = HeadRequest(head: head, task: "emotion", metrics: media.metrics)
        let words = try PictureWords(inputs, head, engine.card)
        try question.checkParts(inputs, made: words.madeText?.part)
        let explains = inputs[Self.explain]
        let face = FaceChoice(rawValue: inputs[Self.face]) ?? .auto
        var taken = try await media.take(
            words.inputs(of: head), of: inputs, for: request, engine, task: "emotion", face: face, explains: explains,
            reads: words.isRead)
        try await words.read(&taken, for: head, explains: explains, request, engine, media, task: "emotion")
        let answer = try await question.ask(taken, explains: explains, request, engine)
        let others = try await opinions(of: taken.faces?.dropFirst() ?? [], taken, question, request, engine)
        let explanation = try await answer.explanation(of: taken, request, media)
        return .whole(try response(answer, explanation, faces: others, head, taken, inputs, request, engine))
    }

    /// What each of further faces says alone.
    private func opinions(
        of faces: ArraySlice<TakenFace>, _ taken: TakenParts, _ question: HeadRequest, _ request: Request,
        _ engine: any Engine
    ) async throws -> [[Float]] {
        guard let part = question.head.inputs.first(where: { $0.kind == .face })?.part else { return [] }
        return try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for (index, face) in faces.enumerated() {
                var alone = taken
                alone.inputs = taken.inputs.filter { question.head.required.contains($0.key) }
                alone.inputs[part] = face.input
                group.addTask { [alone] in
                    let answer = try await question.ask(alone, explains: false, request, engine)
                    return (index, answer.classification.alone[part] ?? [])
                }
            }
            var opinions = [[Float]](repeating: [], count: faces.count)
            for try await (index, opinion) in group { opinions[index] = opinion }
            return opinions
        }
    }

    private func response(
        _ answer: HeadRequest.Answer, _ explanation: Explanation?, faces others: [[Float]], _ head: HeadDescription,
        _ taken: TakenParts, _ inputs: RequestInputs, _ request: Request, _ engine: any Engine
    ) throws -> HTTPResponse {
        let classification = answer.classification
        let verdict = try certainty.verdict(
            on: classification.confidence, inputs, engine.card, explains: inputs[Self.explain])
        let timing = answer.timing.ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            try verdict.write("emotion", head.ranked(classification.probabilities).first?.label ?? "", to: &json)
            try head.writeScores(classification.probabilities, to: &json)
            try json.field("modalities") { json throws(JSONError) in
                try json.object { json throws(JSONError) in
                    let parts = head.inputs.map(\.part).filter { classification.alone[$0] != nil }
                    let weights = Shares.rounded(parts.map { classification.weights[$0] ?? 0 })
                    for (part, weight) in zip(parts, weights) {
                        try json.field(part) { json throws(JSONError) in
                            try json.object { json throws(JSONError) in
                                try head.writeEmotion(classification.alone[part] ?? [], to: &json)
                                try json.field("weight", weight)
                            }
                        }
                    }
                }
            }
            if let faces = taken.faces {
                let largest = head.inputs.first { $0.kind == .face }.flatMap { classification.alone[$0.part] }
                try json.field("faces") { json throws(JSONError) in
                    try json.array { json throws(JSONError) in
                        for (face, opinion) in zip(faces, [largest ?? []] + others) {
                            try json.object { json throws(JSONError) in
                                try face.write(to: &json)
                                try head.writeEmotion(opinion, to: &json)
                            }
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

extension HeadDescription {
    /// Writes the fields `emotion` and `scores`.
    func writeEmotion(_ probabilities: [Float], to json: inout JSONWriter) throws(JSONError) {
        json.field("emotion", ranked(probabilities).first?.label ?? "")
        try writeScores(probabilities, to: &json)
    }

    /// Writes the field `scores`, in the head's order.
    fileprivate func writeScores(_ probabilities: [Float], to json: inout JSONWriter) throws(JSONError) {
        try json.field("scores") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for (label, share) in zip(labels, Shares.rounded(probabilities)) { try json.field(label, share) }
            }
        }
    }
}

extension TakenFace {
    /// Writes the fields `box` and `confidence`.
    fileprivate func write(to json: inout JSONWriter) throws(JSONError) {
        json.field("box") { json in
            json.object { json in box.write(to: &json) }
        }
        try json.field("confidence", Double(score))
    }
}

extension PixelRectangle {
    /// Writes the fields `x`, `y`, `width` and `height`.
    func write(to json: inout JSONWriter) {
        json.field("x", x)
        json.field("y", y)
        json.field("width", width)
        json.field("height", height)
    }
}
