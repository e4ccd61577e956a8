import HTTP
import JSON
import Scheduler
import Tasks

/// `POST /v1/caption`: a photo in, captions out.
struct CaptionRoute: TaskRoute {
    static let candidates = InputOption.integer("candidates", in: 1...8, standard: 1)
    static let prompt = InputOption.text("prompt", maxLength: 1000)
    static let stream = InputOption.boolean("stream", standard: false)
    static let explain = InputOption.boolean("explain", standard: false)
    static let style = InputOption.choice("style", among: ["plain", "alt"])

    let rules = InputRules(
        parts: [.init(name: "image", kind: .image)],
        options: WritingOptions.rules + [
            Self.candidates.rule, Self.prompt.rule, Self.stream.rule, Self.explain.rule, Certainty.option.rule,
            PictureWords.read.rule, Self.style.rule, ModelChoice.option.rule,
        ])
    let produces = ["application/json", "text/event-stream"]
    let media: MediaIntake
    let certainty: Certainty
    let pings: PingClock

    func effort(_ inputs: RequestInputs) -> String {
        let beams = inputs[WritingOptions.beams].map { "beams \($0)" } ?? ""
        return inputs[PictureWords.read] || isAlt(inputs) ? beams + " read" : beams
    }

    /// Whether one sentence for people who cannot see the picture is wanted: see ``AltText``.
    private func isAlt(_ inputs: RequestInputs) -> Bool { inputs[Self.style] == "alt" }

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("caption")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "caption")
        let streams = inputs[Self.stream] || request.prefersEventStream
        var options = try WritingOptions.read(
            inputs, candidates: inputs[Self.candidates], prompt: inputs[Self.prompt], streams: streams)
        options.explain = inputs[Self.explain]
        try Problem.refuse(explaining: options.explain, aStream: streams)
        try engine.validate(options)
        guard let input = engine.card.captionInput else { throw Problem.taskNotAvailable("caption", engine.card) }
        guard inputs.hasFile("image") else {
            throw Problem.missing("image", "send the bytes of a photo in it, such as a JPEG file")
        }
        try PictureWords.check(inputs, isRead: inputs[PictureWords.read], engine.card)
        var taken = try await media.take(
            [input], of: inputs, for: request, engine, task: "caption", explains: options.explain,
            reads: inputs[PictureWords.read] || isAlt(inputs) && engine.card.tasks.contains("read"),
            countsFaces: isAlt(inputs))
        guard let image = taken.inputs["image"] else { throw NoCaption() }
        let job = EngineJob.generate(.caption(image: image, options))
        if streams { return await stream(job, taken, inputs, request, engine) }
        let (output, timing) = try await engine.compute(job, for: request.work, onText: nil)
        try await engine.readWords(of: &taken, for: request, media.metrics, task: "caption")
        return .whole(try await response(output, taken, timing, inputs, request, engine))
    }

    private func stream(
        _ job: EngineJob, _ taken: TakenParts, _ inputs: RequestInputs, _ request: Request, _ engine: any Engine
    ) async -> Reply {
        // What may be withheld is not told word by word.
        let isTold = certainty.least(inputs) <= 0 && !isAlt(inputs)
        return await TextStream(pings: pings, isTold: isTold).send(job, for: request, engine) { output, timing in
            var taken = taken
            try await engine.readWords(of: &taken, for: request, media.metrics, task: "caption")
            return try await response(output, taken, timing, inputs, request, engine)
        }
    }

    private func response(
        _ output: EngineOutput, _ taken: TakenParts, _ job: JobTiming, _ inputs: RequestInputs, _ request: Request,
        _ engine: any Engine
    ) async throws -> HTTPResponse {
        guard case .generated(.captions(let candidates, let seen)) = output, let best = candidates.first else {
            throw NoCaption()
        }
        let (text, verdict) = try answer(best, seen, taken, inputs, engine.card)
        let explanation =
            best.attention == nil ? nil : try await media.draw(for: request) { Explanation(of: best, on: taken) }
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin, generate: job.generate,
            read: taken.words?.took
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: HTTPHeaders([("Server-Timing", timing.serverTiming)])) { json throws(JSONError) in
            try verdict.write("caption", text, to: &json)
            try json.field("candidates") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for candidate in candidates {
                        try json.object { json throws(JSONError) in try candidate.write(&json) }
                    }
                }
            }
            if inputs[PictureWords.read] { try taken.writeWords(to: &json) }
            try explanation?.write(to: &json)
            try frame.write(to: &json)
        }
    }

    /// The caption, or the sentence that is made of it and of what else is known, and whether it is given.
    private func answer(
        _ best: TextCandidate, _ seen: [NamedThing], _ taken: TakenParts, _ inputs: RequestInputs, _ card: ModelCard
    ) throws(Problem) -> (String, Verdict) {
        let explains = inputs[Self.explain]
        guard isAlt(inputs) else {
            return (best.text, try certainty.verdict(on: best.confidence, inputs, card, explains: explains))
        }
        let asked = certainty.least(inputs)
        let least = asked > 0 ? asked : AltText.usualLeast
        let facts = AltText.Facts(
            caption: best.text, confidence: best.confidence, things: seen, page: taken.words?.read,
            faces: taken.faceScores)
        let alt = AltText(facts, least: least)
        let verdict = try certainty.verdict(
            on: alt.map(\.confidence) ?? best.confidence, inputs, card, explains: explains, least: least)
        return (alt?.sentence ?? best.text, verdict)
    }

    /// The engine was asked for captions and gave none.
    private struct NoCaption: Error {}
}

extension Explanation {
    /// Of a caption: where in the photo each of its words came from. Nil where that was not asked for.
    fileprivate init?(of caption: TextCandidate, on taken: TakenParts) {
        guard let attention = caption.attention, case (let part, .picture(let picture))? = taken.sources.first else {
            return nil
        }
        var words: [(word: String, weights: [Float])] = []
        for (piece, weights) in zip(caption.tokens, attention) {
            if piece.hasPrefix("##"), let last = words.indices.last {
                words[last].word += piece.dropFirst(2)
                words[last].weights = zip(words[last].weights, weights).map(+)
            } else {
                words.append((piece, weights))
            }
        }
        let maps = words.compactMap { word, weights in
            PartSource.picture(picture).map(of: weights).map { (word: word, png: $0) }
        }
        parts = [(part, .heatMaps(maps))]
    }
}

extension TextCandidate {
    fileprivate func write(_ json: inout JSONWriter) throws(JSONError) {
        json.field("text", text)
        try json.field("log_probability", logProbability)
        if let confidence { try json.field("confidence", confidence.value) }
        json.field("tokens", tokens)
    }
}
