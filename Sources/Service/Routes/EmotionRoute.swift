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
        SpokenWords.transcribe.rule, ModelChoice.option.rule,
    ]

    let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
            .init(name: "features", kind: .features),
        ], options: Self.options)
    let produces = ["application/json"]
    let media: MediaIntake
    let certainty: Certainty
    let state: ServingState

    func rules(for request: Request, _ card: ModelCard) throws(Problem) -> InputRules {
        let heads = try heads(card, for: request)
        var parts: [InputRules.Part] = []
        for part in heads.flatMap(\.head.inputs).map(\.rule) where !parts.contains(part) { parts.append(part) }
        let names = heads.map(\.card.name)
        var rules = InputRules(
            parts: parts, options: Self.options,
            subject: names.count == 1 ? "the emotion head of \(names[0])" : "/v1/emotion of \(names.quoted("and"))",
            partsOfPath: self.rules.parts)
        for (card, head) in heads { rules = rules.withPicture(for: head, card) }
        return rules
    }

    /// The heads that may judge a request: that of the model that it names in its query string, else those of all.
    private func heads(
        _ card: ModelCard, for request: Request
    ) throws(Problem) -> [(card: ModelCard, head: HeadDescription)] {
        guard let head = card.head(of: "emotion") else { throw .taskNotAvailable("emotion", card) }
        let isNamed = try QueryString(request.head.query).pairs.contains { $0.name == ModelChoice.option.rule.name }
        let others = isNamed ? [] : state.models.filter { $0.name != card.name }
        return [(card, head)] + others.compactMap { card in card.head(of: "emotion").map { (card, $0) } }
    }

    func effort(_ inputs: RequestInputs) -> String { PictureWords.effort(inputs) + SpokenWords.effort(inputs) }

    /// Without a name, the first whose head takes all parts.
    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        guard let head = card.head(of: "emotion") else { return false }
        guard let inputs else { return true }
        let parts = head.inputs.map(\.part)
        return inputs.rules.given(inputs).allSatisfy(parts.contains)
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "emotion")
        let models = try state.registry()
        let others = inputs.has(ModelChoice.option) ? [] : models.cards
        var given = inputs.rules.given(inputs)
        let isHeard = try SpokenWords.isHeard(inputs, models)
        if isHeard, (others + [engine.card]).contains(where: SpokenWords.takesWords) { given.append(SpokenWords.text) }
        let judges = try EmotionJudges(engine.card, others, parts: given, inputs)
        let first = try judges.isOne ? engine : await models.engine(judges.judges[0].card.name)
        let head = judges.judges[0].head
        let question = HeadRequest(head: head, task: "emotion", metrics: media.metrics)
        let words = try PictureWords(
            inputs, head, first.card,
            isTakenElsewhere: judges.judges.dropFirst().contains {
                $0.inputs.contains { $0.part == PictureWords.picture }
            })
        if judges.isOne { try question.checkParts(inputs, made: words.madeText?.part) }
        let explains = inputs[Self.explain]
        let face = FaceChoice(rawValue: inputs[Self.face]) ?? .auto
        let spoken = try SpokenWords.wanted(
            inputs, judges.judges.map(\.head), isTextMade: words.madeText != nil, models)
        let rest = judges.judges.dropFirst()
        var taken = try await media.take(
            words.inputs(of: head) + rest.flatMap(\.inputs) + (spoken.map { [$0.input] } ?? []), of: inputs,
            for: request, first, task: "emotion", face: face, explains: explains, reads: words.isRead)
        try await words.read(&taken, for: head, explains: explains, request, first, media, task: "emotion")
        let hearing = try await spoken?.hear(&taken, for: head, explains: explains, request, media)
        var answer = try await question.ask(
            taken.parts(of: judges.judges[0]), explains: explains, request, first)
        answer.timing.transcribe = hearing
        var judged = [(judge: judges.judges[0], classification: answer.classification)]
        for judge in rest where judge.head.inputs.contains(where: { taken.inputs[$0.part] != nil }) {
            let engine = try await models.engine(judge.card.name)
            let other = try await HeadRequest(head: judge.head, task: "emotion", metrics: media.metrics).ask(
                taken.parts(of: judge), explains: false, request, engine)
            answer.timing.encode += other.timing.encode
            judged.append((judge, other.classification))
        }
        let faces = try await opinions(of: taken.faces?.dropFirst() ?? [], taken, question, request, first)
        let explanation = try await answer.explanation(of: taken, request, media)
        let emotion = judged.count == 1 ? EmotionAnswer(head, answer.classification) : EmotionAnswer(judged)
        return .whole(
            try response(emotion, answer.timing, explanation, faces: faces, head, taken, inputs, request, first))
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
        _ emotion: EmotionAnswer, _ timing: AnswerTiming, _ explanation: Explanation?, faces others: [[Float]],
        _ head: HeadDescription, _ taken: TakenParts, _ inputs: RequestInputs, _ request: Request, _ engine: any Engine
    ) throws -> HTTPResponse {
        let verdict = try certainty.verdict(
            on: emotion.confidence, inputs, engine.card, explains: inputs[Self.explain])
        let timing = timing.ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            try verdict.write(
                "emotion", EmotionScores(emotion.labels, emotion.probabilities).likeliest, to: &json)
            try EmotionScores(emotion.labels, emotion.probabilities).write(to: &json)
            try json.field("modalities") { json throws(JSONError) in
                try json.object { json throws(JSONError) in
                    for opinion in emotion.opinions {
                        try json.field(opinion.part) { json throws(JSONError) in
                            try json.object { json throws(JSONError) in
                                try EmotionScores(opinion.labels, opinion.probabilities).writeEmotion(to: &json)
                                try json.field("weight", opinion.weight)
                                if let model = opinion.model { json.field("model", model) }
                            }
                        }
                    }
                }
            }
            if let faces = taken.faces {
                let part = head.inputs.first { $0.kind == .face }?.part
                let largest = emotion.opinions.first { $0.part == part }?.probabilities
                try json.field("faces") { json throws(JSONError) in
                    try json.array { json throws(JSONError) in
                        for (face, opinion) in zip(faces, [largest ?? []] + others) {
                            try json.object { json throws(JSONError) in
                                try face.write(to: &json)
                                try EmotionScores(head.labels, opinion).writeEmotion(to: &json)
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

/// Labels with their probabilities, as answers write them.
private struct EmotionScores {
    let labels: [String]
    let probabilities: [Float]

    init(_ labels: [String], _ probabilities: [Float]) {
        self.labels = labels
        self.probabilities = probabilities
    }

    var likeliest: String { Shares.ranked(labels, probabilities, isExclusive: true).first?.label ?? "" }

    /// Writes the fields `emotion` and `scores`.
    func writeEmotion(to json: inout JSONWriter) throws(JSONError) {
        json.field("emotion", likeliest)
        try write(to: &json)
    }

    /// Writes the field `scores`, in the head's order.
    func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field("scores") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for (label, share) in zip(labels, Shares.rounded(probabilities)) { try json.field(label, share) }
            }
        }
    }
}

extension TakenParts {
    /// What a judge is asked about.
    fileprivate func parts(of judge: EmotionJudges.Judge) -> TakenParts {
        var own = self
        let names = judge.head.inputs.map(\.part)
        own.inputs = inputs.filter { names.contains($0.key) }
        return own
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
