import HTTP
import JSON
import Tasks

/// `POST /v1/chat/completions`: a conversation for a model that has them; for others one photo, whose caption it is, or with a
/// text the answer to a question.
struct OpenAIChat: DialectTask {
    let conversations: ConversationRoutes
    let dialect: any Dialect = OpenAI()
    let produces = ["application/json", "text/event-stream"]

    /// Whether the stream ends with what tokens were read and written.
    static let includesUsage = InputOption.boolean("include_usage", standard: false)

    let rules = InputRules(
        parts: ConversationRoutes.parts,
        options: WritingOptions.rules + [ChatRoute.stream.rule, Self.includesUsage.rule, ModelChoice.option.rule])

    func suits(_ card: ModelCard, _ request: Request, _ inputs: RequestInputs?) -> Bool {
        ConversationRoutes.suits(card)
    }

    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem) {
        var members = DialectMembers(body)
        OpenAI.ignoreOrganisation(&members)
        members.ignore("parallel_tool_calls")
        try Self.refuse(&members)
        if members.take("max_completion_tokens") != nil, body["max_tokens"] ?? .null != .null {
            throw DialectMembers.refusal(
                "max_tokens", "\"max_tokens\" and \"max_completion_tokens\" say the same; give one of them.")
        }
        try members.option("max_completion_tokens", WritingOptions.maxTokens.rule, into: &inputs)
        try members.options(WritingOptions.rules + [ChatRoute.stream.rule, ModelChoice.option.rule], into: &inputs)
        if var nested = try members.members("stream_options") {
            nested.ignore("include_obfuscation")
            try nested.option("include_usage", Self.includesUsage.rule, into: &inputs)
            try nested.end()
        }
        try OpenAIMessages(members.take("messages"), limits).conversation.add(to: &inputs)
        try members.end()
    }

    /// What these models do not do.
    private static func refuse(_ members: inout DialectMembers) throws(Problem) {
        let noTools = "no model here calls tools; ask for what you need in words"
        try members.refuse("tools", noTools, unless: .array([]))
        try members.refuse("tool_choice", noTools, unless: .string("none"), .string("auto"))
        try members.refuse("functions", noTools, unless: .array([]))
        try members.refuse("function_call", noTools, unless: .string("none"), .string("auto"))
        try members.refuse("n", "there is one answer to a request; ask again with another seed", unless: .integer(1))
        try members.refuse("stop", "a text ends where the model ends it, or at max_tokens", unless: .array([]))
        if members.take("response_format")?.member("type") != .string("text") {
            try members.refuse("response_format", "answers are plain text; leave it out or say {\"type\": \"text\"}")
        }
        try members.refuse("logprobs", "probabilities of tokens are not told", unless: .boolean(false))
        try members.refuse("top_logprobs", "probabilities of tokens are not told", unless: .integer(0))
        for name in ["frequency_penalty", "presence_penalty"] {
            try members.refuse(
                name, "it is not computed; \"repetition_penalty\" (1 is none) is", unless: .integer(0))
        }
        try members.refuse("logit_bias", "tokens have no weights of their own", unless: .object(JSONObject()))
        try members.refuse("modalities", "answers are text", unless: .array([.string("text")]))
        try members.refuse("audio", "answers are text")
        try members.refuse("prediction", "it would change nothing")
        try members.refuse("reasoning_effort", "no model here reasons before it answers", unless: .string("none"))
        try members.refuse("web_search_options", "the server fetches nothing")
    }

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        guard inputs.value("messages") != nil else { throw DialectConversation.missing }
        var inputs = inputs
        let route = try conversations.route(for: &inputs, engine.card)
        let head = OpenAICompletion.Head(id: request.identity.id, model: engine.card.name)
        if inputs[ChatRoute.stream] {
            let events = OpenAIChatEvents(head, includesUsage: inputs[Self.includesUsage])
            return try await route.answer(request.asked(events: events), inputs, engine)
        }
        let reply = try await route.answer(request.asked(), inputs, engine)
        guard case .whole(let response) = reply else { return reply }
        return .whole(
            try OpenAICompletion(answer: response.body).response(head).adding(response.headers.keeping("Server-Timing"))
        )
    }
}

extension HTTPHeaders {
    /// Only the fields of a name.
    func keeping(_ name: String) -> HTTPHeaders { HTTPHeaders(values(name).map { (name, $0) }) }
}
