import HTTP
import JSON
import Scheduler

/// `POST /v1/embed`: a text or an image in, its vector out.
struct EmbedRoute: TaskRoute {
    static let normalize = InputOption.boolean("normalize", standard: true)
    static let encoding = InputOption.choice("encoding", among: ["float", "base64"])

    let rules = InputRules(
        parts: [.init(name: "image", kind: .image), .init(name: "text", kind: .text)],
        options: [Self.normalize.rule, Self.encoding.rule, ModelChoice.option.rule])
    let produces = ["application/json"]
    let images: ImageIntake

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(inputs, engine.card, task: "embed")
        let input = try await prepare(inputs, request, engine)
        let (output, timing) = try await engine.compute(input.job, before: request.deadline, onText: nil)
        guard case .embedding(let values) = output else { throw NoEmbedding() }
        let vector = inputs[Self.normalize] ? Self.normalized(values) : values
        return .whole(try Self.response(vector, inputs[Self.encoding], input, timing, request, engine))
    }

    /// The engine's job, and what goes into the answer.
    private struct Prepared {
        let job: EngineJob
        let understood: UnderstoodInput
        var waited = Duration.zero
        var decode = Duration.zero
    }

    private func prepare(_ inputs: RequestInputs, _ request: Request, _ engine: any Engine) async throws -> Prepared {
        switch (inputs.hasFile("image"), inputs.text("text")) {
        case (true, .some):
            // Composing needs one space for both; no model that is served has one.
            throw Problem(
                .taskNotAvailable,
                "The image and text embeddings of \(engine.card.name) are of different spaces and cannot be composed to "
                    + "one vector; send either \"image\" or \"text\".", members: ["task": .string("embed")])
        case (true, nil):
            guard engine.card.imageDimensions != nil else { throw Problem.taskNotAvailable("embed image", engine.card) }
            let image = try await images.take("image", of: inputs, for: request, engine)
            return Prepared(
                job: .embedImage(pixels: image.pixels), understood: image.understood, waited: image.waited,
                decode: image.took)
        case (false, let text?):
            guard engine.card.textDimensions != nil else { throw Problem.taskNotAvailable("embed text", engine.card) }
            let start = ContinuousClock.now
            let tokens = engine.tokens(of: text)
            return Prepared(
                job: .embedText(tokens),
                understood: .text(name: "text", tokens: tokens.totalTokens, isTruncated: tokens.truncated),
                decode: .now - start)
        case (false, nil):
            throw Problem(.missingPart, "There is nothing to embed; send a part \"image\" or a part \"text\".")
        }
    }

    /// The vector of length 1 in the same direction. One of length 0 has none and stays.
    static func normalized(_ values: [Float]) -> [Float] {
        let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? values.map { Float(Double($0) / length) } : values
    }

    private static func response(
        _ vector: [Float], _ encoding: String, _ input: Prepared, _ job: JobTiming, _ request: Request,
        _ engine: any Engine
    ) throws -> HTTPResponse {
        let timing = AnswerTiming(
            queue: input.waited + job.queue, decode: input.decode, encode: job.begin, total: request.age)
        request.record.took(timing)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: [input.understood])
        return try .json(headers: HTTPHeaders([("Server-Timing", timing.serverTiming)])) { json throws(JSONError) in
            if encoding == "base64" {
                json.field("embedding", Base64.encode(vector.littleEndianBytes))
            } else {
                try json.field("embedding", vector)
            }
            json.field("dimensions", vector.count)
            try frame.write(to: &json)
        }
    }

    /// The engine was asked for an embedding and gave something else.
    private struct NoEmbedding: Error {}
}

extension [Float] {
    /// The values one after the other, four bytes each, least significant first.
    var littleEndianBytes: [UInt8] {
        flatMap { value in
            let bits = value.bitPattern
            return [
                UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8),
                UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 24),
            ]
        }
    }
}
