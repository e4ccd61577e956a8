import JSON
import Tasks

/// The messages of a conversation in a body of a dialect, as `/v1/chat` takes them, with their pictures apart.
struct DialectConversation {
    private struct Message {
        let role: String
        var content: [JSONValue] = []
    }

    static let missing = Problem.missing(
        "messages", "send an array such as [{\"role\": \"user\", \"content\": \"What is in the picture?\"}]")

    private var messages: [Message] = []
    /// The bytes of the pictures, in their order.
    private(set) var images: [[UInt8]] = []
    /// Everything that is said, in its order.
    private(set) var texts: [String] = []

    /// Begins a message of `system`, `user` or `assistant`.
    mutating func begin(_ role: String) { messages.append(Message(role: role)) }

    /// Adds a text to the last message.
    mutating func add(text: String) {
        texts.append(text)
        append([("type", .string("text")), ("text", .string(text))])
    }

    /// Adds a picture to the last message.
    /// - Parameter name: where it stands, for messages.
    mutating func add(image: JSONValue?, _ name: String, _ limits: BodyLimits) throws(Problem) {
        guard images.count < limits.parts else {
            throw Self.refusal("have more than the \(limits.parts) pictures that are taken (--max-parts)")
        }
        images.append(try DialectFile.bytes(image, name, .image, limits))
        append([("type", .string("image"))])
    }

    private mutating func append(_ part: [(String, JSONValue)]) {
        messages[messages.count - 1].content.append(.object(JSONObject(part)))
    }

    /// Makes it parts of a request.
    func add(to inputs: inout RequestInputs) throws(Problem) {
        let messages = messages.map { message in
            JSONValue.object(
                JSONObject([("role", .string(message.role)), ("content", .array(message.content))]))
        }
        try inputs.add(value: "messages", .array(messages))
        for image in images { try inputs.add(file: inputs.nameCandidate("image"), image) }
    }

    /// What is asked about the one picture of the one message that a model takes which has no conversations; empty where nothing is.
    static func question(_ inputs: RequestInputs, _ card: ModelCard) throws(Problem) -> String {
        let messages = inputs.value("messages")?.elements ?? []
        guard messages.count == 1, messages[0].member("role")?.text == "user" else {
            throw refusal(
                "are \(messages.count), but the model \(card.name) has no conversations: it takes one message of the user "
                    + "with one picture, and a question where it is to answer one")
        }
        guard inputs.candidates.count == 1 else {
            throw refusal(
                "show \(inputs.candidates.count) pictures, and the model \(card.name) looks at one; send one with the message"
            )
        }
        let texts = (messages[0].member("content")?.elements ?? []).compactMap { $0.member("text")?.text }
        let question = texts.joined(separator: "\n")
        return question.allSatisfy(\.isWhitespace) ? "" : question
    }

    private static func refusal(_ what: String) -> Problem {
        Problem(.invalidText, "The \"messages\" \(what).", members: ["part": .string("messages")])
    }
}

/// The routes that answer conversations: `/v1/chat` of a model that has them; of others `/v1/vqa` where something is asked about the
/// one picture of the one message, and `/v1/caption` where nothing is.
struct ConversationRoutes: Sendable {
    let chat: ChatRoute
    let vqa: VQARoute
    let caption: CaptionRoute

    /// What a conversation becomes.
    static let parts: [InputRules.Part] = [
        .init(name: "messages", kind: .messages), .init(name: "image", kind: .shown),
        .init(name: "question", kind: .text),
    ]

    private static let tasks = ["chat", "vqa", "caption"]

    /// Whether a model answers some.
    static func suits(_ card: ModelCard) -> Bool { tasks.contains { card.tasks.contains($0) } }

    /// The route that answers for a model, with the inputs as it takes them.
    func route(for inputs: inout RequestInputs, _ card: ModelCard) throws(Problem) -> any TaskRoute {
        if card.tasks.contains("chat") { return chat }
        guard Self.suits(card) else { throw .taskNotAvailable("chat", card) }
        let question = try DialectConversation.question(inputs, card)
        inputs.moveFile(inputs.candidates[0], to: "image")
        if question.isEmpty {
            try ModelChoice.check(card, task: "caption")
            return caption
        }
        try ModelChoice.check(card, task: "vqa")
        try inputs.add(text: "question", question, maxBytes: .max)
        // An answer that is chosen has no length, and is the likeliest one.
        if card.answeredInput == nil { inputs.drop(Self.needless(inputs)) }
        return vqa
    }

    /// Options of writing that change nothing where an answer is chosen.
    private static func needless(_ inputs: RequestInputs) -> [OptionRule] {
        var rules = [WritingOptions.maxTokens.rule, WritingOptions.seed.rule]
        if inputs[WritingOptions.temperature] == 0 { rules.append(WritingOptions.temperature.rule) }
        if inputs[WritingOptions.topP] == 1 { rules.append(WritingOptions.topP.rule) }
        return rules
    }
}

extension JSONObject {
    /// An object of members with different names.
    init(_ members: [(String, JSONValue)]) {
        self.init()
        for (key, value) in members { _ = append(key, value) }
    }
}
