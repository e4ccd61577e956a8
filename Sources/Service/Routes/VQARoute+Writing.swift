import HTTP
import JSON
import Scheduler
import Tasks

/// Answers that a model writes.
extension VQARoute {
    /// Has the answer written.
    func write(
        about picture: PartSpec, _ request: Request, _ inputs: RequestInputs, _ engine: any Engine
    ) async throws -> Reply {
        guard inputs.hasFile("image") else {
            throw Problem.missing("image", "send the bytes of a photo in it, such as a JPEG file")
        }
        guard let question = inputs.text("question") else {
            throw Problem.missing("question", "ask something such as \"what is the dog doing?\"")
        }
        try Self.checkWords(question)
        guard !inputs[Self.explain] else { throw Problem.taskNotAvailable("explain", engine.card) }
        try PictureWords.check(inputs, isRead: inputs[Self.read] ?? false, engine.card)
        let streams = inputs[Self.stream] || request.prefersEventStream
        // As many are told as the search finds where it is not said how many are wanted.
        let most = inputs[WritingOptions.beams] ?? 1
        let options = try WritingOptions.read(
            inputs, candidates: streams ? 1 : min(inputs[Self.top], most), streams: streams)
        try engine.validate(options)
        let taken = try await media.take([picture], of: inputs, for: request, engine, task: "vqa")
        guard let image = taken.inputs["image"] else { throw NoAnswer() }
        let job = EngineJob.generate(.answer(image: image, question: question, options))
        if streams {
            let isTold = certainty.least(inputs) <= 0
            return await TextStream(pings: pings, isTold: isTold).send(job, for: request, engine) { output, timing in
                try written(output, taken, timing, inputs, request, engine)
            }
        }
        let (output, timing) = try await engine.compute(job, for: request.work, onText: nil)
        return .whole(try written(output, taken, timing, inputs, request, engine))
    }

    private func written(
        _ output: EngineOutput, _ taken: TakenParts, _ job: JobTiming, _ inputs: RequestInputs, _ request: Request,
        _ engine: any Engine
    ) throws -> HTTPResponse {
        guard case .generated(.answers(let answers)) = output, let best = answers.first else { throw NoAnswer() }
        let verdict = try certainty.verdict(on: best.confidence, inputs, engine.card, explains: false)
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin, generate: job.generate
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            try verdict.write("answer", best.text, to: &json)
            try json.field("answers") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for answer in answers {
                        try json.object { json throws(JSONError) in
                            json.field("answer", answer.text)
                            try json.field("log_probability", answer.logProbability)
                        }
                    }
                }
            }
            try frame.write(to: &json)
        }
    }

    /// The engine was asked for an answer and gave none.
    private struct NoAnswer: Error {}
}
