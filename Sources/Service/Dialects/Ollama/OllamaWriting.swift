import HTTP
import JSON
import Synchronization
import Tasks

/// `POST /api/chat` and `/api/generate`: a conversation, or a prompt with pictures, and what the model says next.
struct OllamaWriting: DialectTask {
    enum Kind: String {
        case chat, generate
    }

    let kind: Kind
    let conversations: ConversationRoutes
    let dialect: any Dialect = Ollama()
    let produces = ["application/json", "application/x-ndjson"]

    static let stream = InputOption.boolean("stream", standard: true)

    let rules = InputRules(
        parts: ConversationRoutes.parts,
        options: WritingOptions.rules + [Self.stream.rule, ModelChoice.option.rule])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        ConversationRoutes.suits(card)
    }

    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) -> any BodyReader { jsonReader(inputs, limits) }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        try Ollama.takeModel(&members, into: &inputs)
        Ollama.ignoreLoading(&members)
        try Ollama.refuse(&members)
        try Ollama.takeOptions(&members, into: &inputs)
        try members.option("stream", Self.stream.rule, into: &inputs)
        var conversation = DialectConversation()
        switch kind {
        case .chat:
            for (place, message) in (try members.array("messages") ?? []).enumerated() {
                try Self.take(message, "messages[\(place)]", into: &conversation, limits)
            }
        case .generate:
            try members.refuse("suffix", "nothing is written before a text that is there", unless: .string(""))
            try members.refuse("template", "the model's own template is used", unless: .string(""))
            try members.refuse("raw", "the model's own template is used", unless: .boolean(false))
            try members.refuse("context", "what was said before is sent as messages to /api/chat", unless: .array([]))
            if let system = try members.text("system"), !system.isEmpty {
                conversation.begin("system")
                conversation.add(text: system)
            }
            let (prompt, images) = (try members.text("prompt") ?? "", try members.array("images") ?? [])
            if !prompt.isEmpty || !images.isEmpty {
                conversation.begin("user")
                try Self.add(images, "images", to: &conversation, limits)
                if !prompt.isEmpty { conversation.add(text: prompt) }
            }
        }
        try members.end()
        try conversation.add(to: &inputs)
    }

    private static func take(
        _ message: JSONValue, _ name: String, into conversation: inout DialectConversation, _ limits: BodyLimits
    ) throws(Problem) {
        guard case .object(let object) = message else {
            throw refusal(name, "is \(message.summary); it takes {\"role\": …, \"content\": …}")
        }
        var members = DialectMembers(object, of: name)
        try members.refuse("tool_calls", "no model here calls tools", unless: .array([]))
        try members.refuse("tool_name", "no model here calls tools", unless: .string(""))
        members.ignore("thinking")
        guard let role = members.take("role")?.text, ["system", "user", "assistant"].contains(role) else {
            throw refusal(name, "needs a role: \"system\", \"user\" or \"assistant\"")
        }
        conversation.begin(role)
        try add(members.array("images") ?? [], "\(name).images", to: &conversation, limits)
        if let text = try members.text("content"), !text.isEmpty { conversation.add(text: text) }
        try members.end()
    }

    private static func add(
        _ images: [JSONValue], _ name: String, to conversation: inout DialectConversation, _ limits: BodyLimits
    ) throws(Problem) {
        for (place, image) in images.enumerated() { try conversation.add(image: image, "\(name)[\(place)]", limits) }
    }

    private static func refusal(_ name: String, _ what: String) -> Problem {
        Problem(.invalidText, "\"\(name)\" \(what).", members: ["part": .string("messages")])
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard inputs.has(ModelChoice.option) else { throw Problem.missing("model", "say which model is to answer") }
        let lines = OllamaLines(kind, engine.card.name)
        // Nothing said: the model is to be loaded, which it is.
        guard inputs.value("messages")?.elements.isEmpty == false else { return .whole(lines.loaded()) }
        var inputs = inputs
        let streams = inputs[Self.stream]
        inputs.drop([Self.stream.rule])
        if streams { try inputs.add(ChatRoute.stream.rule, .json(.boolean(true))) }
        let route = try conversations.route(for: &inputs, engine.card)
        let reply = try await route.answer(request.asked(events: streams ? lines : nil), inputs, engine)
        guard case .whole(let response) = reply else { return reply }
        return .whole(try lines.whole(response.body).adding(response.headers.keeping("Server-Timing")))
    }
}

/// An answer as Ollama writes it: whole, or line by line.
final class OllamaLines: EventForm {
    let contentType = "application/x-ndjson"
    let waiting: [UInt8] = []
    private let kind: OllamaWriting.Kind
    private let model: String
    /// What was told so far; nil before anything was.
    private let told = Mutex<String?>(nil)

    init(_ kind: OllamaWriting.Kind, _ model: String) {
        self.kind = kind
        self.model = model
    }

    private func write(
        _ text: String, isDone: Bool, to json: inout JSONWriter, _ rest: (inout JSONWriter) throws(JSONError) -> Void
    ) throws(JSONError) {
        let (kind, model) = (kind, model)
        try json.object { json throws(JSONError) in
            json.field("model", model)
            json.field("created_at", Ollama.now())
            if kind == .generate {
                json.field("response", text)
            } else {
                json.field("message") { json in
                    json.object { json in
                        json.field("role", "assistant")
                        json.field("content", text)
                    }
                }
            }
            json.field("done", isDone)
            try rest(&json)
        }
    }

    /// The answer, or its last line where the text was told before.
    private func last(_ answer: JSONValue, _ text: String) throws(JSONError) -> [UInt8] {
        var json = JSONWriter()
        try write(text, isDone: true, to: &json) { json throws(JSONError) in
            json.field("done_reason", answer.member("finish_reason")?.text ?? "stop")
            let timing = answer.member("timing")
            func nanoseconds(_ name: String) -> Int { Int(((timing?.member(name)?.real ?? 0) * 1e6).rounded()) }
            json.field("total_duration", nanoseconds("total"))
            json.field("load_duration", 0)
            json.field("prompt_eval_count", answer.member("usage", "prompt_tokens")?.whole ?? 0)
            json.field("prompt_eval_duration", nanoseconds("encode"))
            json.field("eval_count", answer.member("usage", "completion_tokens")?.whole ?? 0)
            json.field("eval_duration", nanoseconds("generate"))
        }
        return json.bytes
    }

    /// What a route of our own said; why it said nothing where it did not.
    private static func text(_ answer: JSONValue) -> String {
        let said = answer.member("message", "content") ?? answer.member("answer") ?? answer.member("caption")
        return said?.text ?? answer.member("reason")?.text ?? ""
    }

    func whole(_ answer: [UInt8]) throws -> HTTPResponse {
        let answer = try JSONValue(answer: answer)
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]),
            body: try last(answer, Self.text(answer)))
    }

    /// The answer to a request that says nothing.
    func loaded() -> HTTPResponse {
        var json = JSONWriter()
        // Texts can be written.
        try? write("", isDone: true, to: &json) { json in json.field("done_reason", "load") }
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]), body: json.bytes)
    }

    func token(_ text: String) -> [UInt8] {
        told.withLock { $0 = ($0 ?? "") + text }
        var json = JSONWriter()
        // Texts can be written.
        try? write(text, isDone: false, to: &json) { _ in }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    func result(_ answer: [UInt8]) -> [UInt8] {
        guard let answer = try? JSONValue(answer: answer),
            let line = try? last(answer, "")
        else { return failure(.internalError, requestID: "") }
        // What was not told word by word is told now.
        let rest = Self.text(answer).untold(told.withLock(\.self)).map { token($0) } ?? []
        return rest + line + [UInt8(ascii: "\n")]
    }

    func failure(_ problem: Problem, requestID: String) -> [UInt8] {
        Ollama().document(problem) + [UInt8(ascii: "\n")]
    }
}
