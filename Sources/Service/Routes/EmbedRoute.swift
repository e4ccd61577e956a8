import HTTP
import JSON
import Scheduler
import Tasks

/// `POST /v1/embed`: a text, an image or a sound in, its vector out; of several, one vector where the model has a space for
/// all of them.
struct EmbedRoute: TaskRoute {
    static let normalize = InputOption.boolean("normalize", standard: true)
    static let encoding = InputOption.choice("encoding", among: ["float", "base64"])

    let rules = InputRules(
        parts: [
            .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
        ],
        options: [Self.normalize.rule, Self.encoding.rule] + EmbeddingOptions.rules + [ModelChoice.option.rule])
    let produces = ["application/json"]
    let media: MediaIntake

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        let parts = card.embeddable.map(\.part)
        return !parts.isEmpty && (inputs.map { rules.given($0).allSatisfy(parts.contains) } ?? true)
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "embed")
        let options = EmbeddingOptions(inputs)
        let taken = try await media.takeEmbeddable(of: inputs, options, for: request, engine, task: "embed")
        let (output, timing) = try await engine.compute(
            .embed(options.embedding(of: taken)), for: request.work, onText: nil)
        guard case .embedding(let embedded) = output else { throw NoEmbedding() }
        let vector = inputs[Self.normalize] ? Self.normalized(embedded.vector) : embedded.vector
        let understood = taken.understood.map { $0.seen(as: embedded.view) }
        return .whole(try Self.response(vector, inputs[Self.encoding], taken, understood, timing, request, engine))
    }

    /// The vector of length 1 in the same direction. One of length 0 has none and stays.
    static func normalized(_ values: [Float]) -> [Float] {
        let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? values.map { Float(Double($0) / length) } : values
    }

    private static func response(
        _ vector: [Float], _ encoding: String, _ taken: TakenParts, _ understood: [UnderstoodInput], _ job: JobTiming,
        _ request: Request, _ engine: any Engine
    ) throws -> HTTPResponse {
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: understood)
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

extension MediaIntake {
    /// Takes what is to be embedded: one of `image`, `audio` and `text`, or several where the model has one space for them.
    /// For `EngineJob.embed`.
    func takeEmbeddable(
        of inputs: RequestInputs, _ options: EmbeddingOptions, for request: Request, _ engine: any Engine, task: String
    ) async throws -> TakenParts {
        let card = engine.card
        let given = ["image", "audio", "text"].filter { inputs.has(part: $0) }
        let names = card.embeddable.map(\.part)
        if let foreign = given.first(where: { !names.contains($0) }) {
            throw Problem(
                .taskNotAvailable,
                "The model \(card.name) cannot embed \"\(foreign)\"; it can embed \(names.quoted("and")).",
                members: ["task": .string("embed"), "part": .string(foreign)])
        }
        guard !given.isEmpty else {
            throw Problem(.missingPart, "There is nothing to embed; send a part \(names.quoted("or")).")
        }
        guard given.count == 1 || card.space != nil else {
            throw Problem(
                .taskNotAvailable,
                "The embeddings of \(given.quoted("and")) are of different spaces in \(card.name) and cannot be composed "
                    + "to one vector; send one of them.", members: ["task": .string("embed")])
        }
        try options.check(parts: given, card)
        return try await take(card.embeddable, of: inputs, for: request, engine, task: task)
    }
}

extension [String] {
    /// The names in quotation marks, for a sentence: `"image", "audio" or "text"`.
    func quoted(_ conjunction: String) -> String {
        map { "\"\($0)\"" }.listed(conjunction)
    }

    /// The names for a sentence: `caption, vqa and embed`.
    func listed(_ conjunction: String) -> String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
    }
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
