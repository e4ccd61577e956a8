import HTTP
import JSON
import Scheduler
import Tasks

/// `POST /v1/chat`: a conversation with pictures in, what the model says next out.
struct ChatRoute: TaskRoute {
    static let stream = InputOption.boolean("stream", standard: false)

    let rules = InputRules(
        parts: [.init(name: "messages", kind: .messages), .init(name: "image", kind: .shown)],
        options: WritingOptions.rules + [Self.stream.rule, ModelChoice.option.rule])
    let produces = ["application/json", "text/event-stream"]
    let media: MediaIntake
    let pings: PingClock

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        card.tasks.contains("chat")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        try ModelChoice.check(engine.card, task: "chat")
        guard let picture = engine.card.shownInput else { throw Problem.taskNotAvailable("chat", engine.card) }
        let streams = inputs[Self.stream] || request.prefersEventStream
        let options = try WritingOptions.read(inputs, streams: streams)
        try engine.validate(options)
        let conversation = try Conversation(inputs)
        let taken = try await media.take(
            inputs.candidates.map(picture.named), of: inputs, for: request, engine, task: "chat")
        let job = EngineJob.generate(.reply(to: try conversation.messages(showing: taken.inputs), options))
        if streams {
            return await TextStream(pings: pings).send(job, for: request, engine) { output, timing in
                try response(output, taken, timing, request, engine)
            }
        }
        let (output, timing) = try await engine.compute(job, for: request.work, onText: nil)
        return .whole(try response(output, taken, timing, request, engine))
    }

    private func response(
        _ output: EngineOutput, _ taken: TakenParts, _ job: JobTiming, _ request: Request, _ engine: any Engine
    ) throws -> HTTPResponse {
        guard case .generated(.reply(let reply, let promptTokens)) = output else { throw Conversation.NoReply() }
        let timing = AnswerTiming(
            queue: taken.waited + job.queue, decode: taken.took, encode: job.begin, generate: job.generate
        ).ended(request)
        let frame = AnswerFrame(
            model: engine.card.name, requestID: request.identity.id, timing: timing,
            inputs: taken.understood.count == 1 ? taken.understood.map { $0.named("image") } : taken.understood)
        return try .json(headers: timing.headers) { json throws(JSONError) in
            try json.field("message") { json throws(JSONError) in
                json.object { json in
                    json.field("role", "assistant")
                    json.field("content", reply.text)
                }
            }
            json.field("finish_reason", reply.isEnded ? "stop" : "length")
            try json.field("usage") { json throws(JSONError) in
                json.object { json in
                    json.field("prompt_tokens", promptTokens)
                    json.field("completion_tokens", reply.ids.count + (reply.isEnded ? 1 : 0))
                }
            }
            try frame.write(to: &json)
        }
    }
}

/// The messages of a conversation, as they came: which pictures they show, but not the pictures.
struct Conversation {
    /// The engine was asked for a reply and gave none.
    struct NoReply: Error {}

    private enum Content {
        case text(String)
        /// The next picture that was sent.
        case image
    }

    private struct Message {
        let role: String
        var content: [Content]
    }

    private static let roles = ["system", "user", "assistant"]
    private static let most = 1000
    private var messages: [Message] = []
    private let images: [String]

    init(_ inputs: RequestInputs) throws(Problem) {
        images = inputs.candidates
        guard let value = inputs.value("messages") else {
            throw Problem.missing(
                "messages", "send an array such as [{\"role\": \"user\", \"content\": \"What is in the picture?\"}]")
        }
        guard case .array(let elements) = value, (1...Self.most).contains(elements.count) else {
            throw Self.refusal("messages", "takes an array of 1 to \(Self.most) messages, but is \(value.summary)")
        }
        for (place, element) in elements.enumerated() {
            messages.append(try Self.message(element, "messages[\(place)]"))
        }
        guard messages.last?.role != "assistant" else {
            throw Self.refusal("messages", "ends with what the assistant says; the last message is the user's")
        }
        try show()
    }

    /// Pictures that no message mentions stand before the last message.
    private mutating func show() throws(Problem) {
        let mentioned = messages.reduce(0) { sum, message in
            sum + message.content.count { if case .image = $0 { true } else { false } }
        }
        if mentioned == 0 {
            messages[messages.count - 1].content.insert(contentsOf: images.map { _ in .image }, at: 0)
        } else if mentioned != images.count {
            throw Self.refusal(
                "messages", "mentions \(mentioned) pictures, but \(images.count) were sent; send one \"image\" for each"
            )
        }
    }

    /// The conversation with its pictures.
    func messages(showing inputs: [String: ModelInput]) throws -> [ChatMessage] {
        var next = images.makeIterator()
        return try messages.map { message in
            ChatMessage(
                role: message.role,
                content: try message.content.map { content in
                    switch content {
                    case .text(let text): return .text(text)
                    case .image:
                        guard let image = next.next().flatMap({ inputs[$0] }) else { throw NoReply() }
                        return .image(image)
                    }
                })
        }
    }

    private static func message(_ value: JSONValue, _ name: String) throws(Problem) -> Message {
        guard case .object(let members) = value else {
            throw refusal(name, "is \(value.summary); it takes {\"role\": …, \"content\": …}")
        }
        if let other = members.keys.first(where: { !["role", "content"].contains($0) }) {
            throw refusal(name, "has a member \"\(other.prefix(32))\"; it takes \"role\" and \"content\"")
        }
        guard case .string(let role)? = members["role"], roles.contains(role) else {
            throw refusal(name, "needs a role: \(roles.quoted("or"))")
        }
        switch members["content"] {
        case .string(let text)?: return Message(role: role, content: [.text(text)])
        case .array(let parts)?:
            var content: [Content] = []
            for (place, part) in parts.enumerated() { content.append(try self.part(part, "\(name).content[\(place)]")) }
            return Message(role: role, content: content)
        default: throw refusal(name, "needs a content: a text, or an array of texts and images")
        }
    }

    private static func part(_ value: JSONValue, _ name: String) throws(Problem) -> Content {
        guard case .object(let members) = value, case .string(let type)? = members["type"] else {
            throw refusal(name, "is \(value.summary); it takes \(forms)")
        }
        switch (type, members["text"]) {
        case ("text", .string(let text)?) where members.count == 2: return .text(text)
        case ("image", nil) where members.count <= 2: return .image
        default: throw refusal(name, "is of another form; it takes \(forms)")
        }
    }

    private static let forms = "{\"type\": \"text\", \"text\": …} or {\"type\": \"image\", \"image\": …}"

    private static func refusal(_ name: String, _ what: String) -> Problem {
        Problem(.invalidText, "\"\(name)\" \(what).", members: ["part": .string("messages")])
    }
}
