import HTTP
import JSON
import Tasks

/// `POST /v1/audio/transcriptions` and `/v1/audio/translations`: a form with a sound, what is said in it out.
struct OpenAISpeech: DialectTask {
    /// What becomes of what is said.
    let task: TranscriptionOptions.Task
    let transcribe: TranscribeRoute
    let dialect: any Dialect = OpenAI()
    let produces = ["application/json", "text/plain", "text/event-stream"]

    static let format = InputOption.choice("response_format", among: ["json", "text", "srt", "verbose_json", "vtt"])
    static let temperature = InputOption.number("temperature", in: 0...1)
    static let prompt = InputOption.text("prompt", maxLength: 4000)
    private static let granularities = "timestamp_granularities[]"

    let rules = InputRules(
        parts: [.init(name: "file", kind: .audio), .init(name: Self.granularities, kind: .label)],
        options: [
            TranscribeRoute.language.rule, Self.prompt.rule, Self.format.rule, Self.temperature.rule,
            TranscribeRoute.stream.rule, ModelChoice.option.rule,
        ])

    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> any BodyReader {
        guard let type = head.headers["Content-Type"], MediaType(type)?.name == "multipart/form-data" else {
            throw Problem(
                .unsupportedMediaType,
                "The body of this path is a form, multipart/form-data, with the sound in \"file\".",
                headers: HTTPHeaders([("Accept", "multipart/form-data")]))
        }
        return try MultipartReader(type, inputs: inputs, limits: limits)
    }

    /// Nothing comes as JSON.
    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) {}

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("transcribe")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "transcribe")
        guard inputs.hasFile("file") else {
            throw Problem.missing("file", "send the bytes of a sound in it, such as a WAV or MP3 file")
        }
        try Self.refuse(inputs)
        let format = inputs[Self.format]
        let granularities = try Self.granularities(inputs)
        var native = inputs
        native.moveFile("file", to: "audio")
        // Models of one language have no task to choose.
        if task == .translate {
            try native.add(TranscribeRoute.task.rule, .json(.string(task.rawValue)))
        }
        if granularities.contains("word") {
            try native.add(TranscribeRoute.timestamps.rule, .json(.string("word")))
        }
        if inputs[TranscribeRoute.stream] {
            guard ["json", "text"].contains(format) else {
                throw DialectMembers.refusal(
                    "response_format",
                    "A stream has no format \"\(format)\"; leave out either \"response_format\" or \"stream\".")
            }
            return try await transcribe.answer(request.asked(events: OpenAISpeechEvents()), native, engine)
        }
        let reply = try await transcribe.answer(request.asked(), native, engine)
        guard case .whole(let response) = reply else { return reply }
        let transcript = try OpenAITranscript(answer: response.body)
        return .whole(
            try transcript.response(format, task, granularities).adding(response.headers.keeping("Server-Timing")))
    }

    private static func refuse(_ inputs: RequestInputs) throws(Problem) {
        if inputs.has(Self.prompt) {
            throw DialectMembers.refusal(
                "prompt", "The option \"prompt\" is not taken: what was said before is not looked at.")
        }
        if let temperature = inputs[Self.temperature], temperature > 0 {
            throw DialectMembers.refusal(
                "temperature",
                "The option \"temperature\" is \(temperature.formatted), but a transcript is the likeliest one; it takes 0."
            )
        }
    }

    private static func granularities(_ inputs: RequestInputs) throws(Problem) -> Set<String> {
        let given = inputs.candidates.compactMap { inputs.text($0) }
        if let other = given.first(where: { !["word", "segment"].contains($0) }) {
            throw DialectMembers.refusal(
                granularities, "\"\(granularities)\" is \"\(other.prefix(32))\"; it takes \"word\" or \"segment\".")
        }
        if !given.isEmpty, inputs[Self.format] != "verbose_json" {
            throw DialectMembers.refusal(
                granularities, "\"\(granularities)\" needs the response_format \"verbose_json\", which has times.")
        }
        return given.isEmpty ? ["segment"] : Set(given)
    }
}

/// What `/v1/transcribe` answered, in the formats of OpenAI.
struct OpenAITranscript {
    private struct Piece {
        let text: String
        let start: Double
        let end: Double
    }

    private let text: String
    private let language: String?
    private let seconds: Double
    private let segments: [Piece]
    private let words: [Piece]

    init(answer: [UInt8]) throws(Problem) {
        let answer = try JSONValue(answer: answer)
        text = answer.member("text")?.text ?? ""
        language = answer.member("language")?.text
        let seconds = answer.member("inputs", "audio", "seconds")?.real ?? 0
        self.seconds = seconds
        func pieces(_ name: String) -> [Piece] {
            (answer.member(name)?.elements ?? []).map { piece in
                Piece(
                    text: piece.member("text")?.text ?? "", start: piece.member("start")?.real ?? 0,
                    end: piece.member("end")?.real ?? seconds)
            }
        }
        let told = pieces("segments")
        // A model that tells no times has said all of it somewhere within.
        segments = told.isEmpty && !text.isEmpty ? [Piece(text: text, start: 0, end: seconds)] : told
        words = pieces("words")
    }

    func response(
        _ format: String, _ task: TranscriptionOptions.Task, _ granularities: Set<String>
    ) throws -> HTTPResponse {
        switch format {
        case "text": plain(text + "\n")
        case "srt":
            plain(
                segments.enumerated().map { place, piece in
                    "\(place + 1)\n\(Self.time(piece.start, ",")) --> \(Self.time(piece.end, ","))\n\(piece.text.trimmed)\n\n"
                }.joined())
        case "vtt":
            plain(
                "WEBVTT\n\n"
                    + segments.map { piece in
                        "\(Self.time(piece.start, ".")) --> \(Self.time(piece.end, "."))\n\(piece.text.trimmed)\n\n"
                    }.joined())
        case "verbose_json": try verbose(task, granularities)
        default:
            try .json { json throws(JSONError) in
                json.field("text", text)
                try write(usage: &json)
            }
        }
    }

    private func plain(_ text: String) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "text/plain; charset=utf-8")]), body: Array(text.utf8))
    }

    private func write(usage json: inout JSONWriter) throws(JSONError) {
        let seconds = seconds
        try json.field("usage") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                json.field("type", "duration")
                try json.field("seconds", seconds)
            }
        }
    }

    private func verbose(_ task: TranscriptionOptions.Task, _ granularities: Set<String>) throws -> HTTPResponse {
        try .json { json throws(JSONError) in
            json.field("task", task.rawValue)
            if let language { json.field("language", language) }
            try json.field("duration", seconds)
            json.field("text", text)
            if granularities.contains("segment") {
                try json.field("segments") { json throws(JSONError) in
                    try json.array { json throws(JSONError) in
                        for (place, piece) in segments.enumerated() {
                            try json.object { json throws(JSONError) in
                                json.field("id", place)
                                try json.field("start", piece.start)
                                try json.field("end", piece.end)
                                json.field("text", piece.text)
                            }
                        }
                    }
                }
            }
            if granularities.contains("word") {
                try json.field("words") { json throws(JSONError) in
                    try json.array { json throws(JSONError) in
                        for piece in words {
                            try json.object { json throws(JSONError) in
                                json.field("word", piece.text.trimmed)
                                try json.field("start", piece.start)
                                try json.field("end", piece.end)
                            }
                        }
                    }
                }
            }
            try write(usage: &json)
        }
    }

    /// Hours, minutes, seconds and milliseconds, as subtitles have them.
    static func time(_ seconds: Double, _ point: String) -> String {
        let milliseconds = Int((seconds * 1000).rounded())
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        return [milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1000 % 60].map { digits($0, 2) }
            .joined(separator: ":") + point + digits(milliseconds % 1000, 3)
    }
}

/// A transcript piece by piece.
struct OpenAISpeechEvents: EventForm {
    let contentType = "text/event-stream"
    let waiting = Array(": waiting\n\n".utf8)

    private func event(_ type: String, _ key: String, _ text: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("type", type)
            json.field(key, text)
        }
        return OpenAICompletion.event(json.bytes)
    }

    func token(_ text: String) -> [UInt8] { event("transcript.text.delta", "delta", text) }

    func result(_ answer: [UInt8]) -> [UInt8] {
        let text = (try? JSONValue(answer: answer))?.member("text")?.text ?? ""
        return event("transcript.text.done", "text", text)
    }

    func failure(_ problem: Problem, requestID: String) -> [UInt8] {
        OpenAICompletion.event(OpenAI().document(problem))
    }
}
