import HTTP
import JSON
import Scheduler
import Tasks

/// `POST /v1/transcribe`: a sound in, what is said in it out.
struct TranscribeRoute: TaskRoute {
    static let language = InputOption.text("language", maxLength: 64)
    static let task = InputOption.choice("task", among: ["auto"] + TranscriptionOptions.Task.allCases.map(\.rawValue))
    static let timestamps = InputOption.choice("timestamps", among: ["segment", "word", "none"])
    static let stream = InputOption.boolean("stream", standard: false)

    let rules = InputRules(
        parts: [.init(name: "audio", kind: .audio)],
        options: [
            Self.language.rule, Self.task.rule, Self.timestamps.rule, Self.stream.rule, ModelChoice.option.rule,
        ])
    let produces = ["application/json", "text/event-stream"]
    let media: MediaIntake
    let pings: PingClock

    func effort(_ inputs: RequestInputs) -> String { inputs[Self.timestamps] == "word" ? "words" : "" }

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("transcribe")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "transcribe")
        guard let input = engine.card.transcribedInput else {
            throw Problem.taskNotAvailable("transcribe", engine.card)
        }
        let options = try Self.options(inputs)
        try engine.validate(options)
        guard inputs.hasFile("audio") else {
            throw Problem.missing("audio", "send the bytes of a sound in it, such as a WAV or MP3 file")
        }
        let taken = try await media.take([input], of: inputs, for: request, engine, task: "transcribe")
        guard let sound = taken.inputs["audio"] else { throw NoTranscript() }
        let job = EngineJob.generate(.transcript(of: sound, options))
        if inputs[Self.stream] || request.prefersEventStream {
            return await TextStream(pings: pings).send(job, for: request, engine) { output, timing in
                try response(output, taken, timing, request, engine)
            }
        }
        let (output, timing) = try await engine.compute(job, for: request.work, onText: nil)
        return .whole(try response(output, taken, timing, request, engine))
    }

    private static func options(_ inputs: RequestInputs) throws(Problem) -> TranscriptionOptions {
        let language = inputs[language]
        if let language, WhisperLanguages.code(of: language) == nil {
            let nearest = nearestName(to: language, among: WhisperLanguages.all)
            throw Problem(
                .invalidOption,
                "The option \"language\" is \"\(language)\"; it takes a language such as \"de\" or \"german\""
                    + (nearest.map { ": did you mean \"\($0)\"?" } ?? "."),
                members: ["option": .string("language")])
        }
        return TranscriptionOptions(
            language: language, task: TranscriptionOptions.Task(rawValue: inputs[task]),
            timestamps: TranscriptionOptions.Timestamps(rawValue: inputs[timestamps]) ?? .segment)
    }

    private func response(
        _ output: EngineOutput, _ taken: TakenParts, _ job: JobTiming, _ request: Request, _ engine: any Engine
    ) throws -> HTTPResponse {
        guard case .generated(.transcript(let transcript)) = output else { throw NoTranscript() }
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin, generate: job.generate
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing, inputs: taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            json.field("text", transcript.text)
            if let language = transcript.language { json.field("language", language) }
            try transcript.segments.map { pieces throws(JSONError) in try Self.write("segments", pieces, to: &json) }
            try transcript.words.map { pieces throws(JSONError) in try Self.write("words", pieces, to: &json) }
            try frame.write(to: &json)
        }
    }

    private static func write(
        _ name: String, _ pieces: [Transcript.Piece], to json: inout JSONWriter
    ) throws(JSONError) {
        try json.field(name) { json throws(JSONError) in
            try json.array { json throws(JSONError) in
                for piece in pieces {
                    try json.object { json throws(JSONError) in
                        json.field("text", piece.text)
                        try json.field("start", (piece.start * 100).rounded() / 100)
                        try json.field("end", (piece.end * 100).rounded() / 100)
                    }
                }
            }
        }
    }

    /// The engine was asked for a transcript and gave none.
    private struct NoTranscript: Error {}
}
