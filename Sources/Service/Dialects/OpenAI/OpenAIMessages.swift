import JSON
import Tasks

/// The messages of a chat completion, with their pictures apart.
struct OpenAIMessages {
    private(set) var conversation = DialectConversation()

    init(_ value: JSONValue?, _ limits: BodyLimits) throws(Problem) {
        guard let value else { throw DialectConversation.missing }
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw Self.refusal("messages", "is \(value.summary); it takes an array of messages")
        }
        for (place, element) in elements.enumerated() { try take(element, "messages[\(place)]", limits) }
    }

    private mutating func take(_ value: JSONValue, _ name: String, _ limits: BodyLimits) throws(Problem) {
        guard case .object(let object) = value else {
            throw Self.refusal(name, "is \(value.summary); it takes {\"role\": …, \"content\": …}")
        }
        var members = DialectMembers(object, of: name)
        members.ignore("name")
        let noTools = "no model here calls tools"
        try members.refuse("tool_calls", noTools, unless: .array([]))
        try members.refuse("function_call", noTools)
        try members.refuse("tool_call_id", noTools)
        try members.refuse("audio", "what was said is sent as text")
        try members.refuse("refusal", "a message has one content")
        members.ignore("annotations")
        let role: String
        switch members.take("role")?.text {
        case "developer"?, "system"?: role = "system"
        case "user"?: role = "user"
        case "assistant"?: role = "assistant"
        case "tool"?, "function"?: throw Self.refusal(name, "is of a tool, and \(noTools)")
        default: throw Self.refusal(name, "needs a role: \"system\", \"user\" or \"assistant\"")
        }
        conversation.begin(role)
        switch members.take("content") {
        case .string(let text)?: conversation.add(text: text)
        case .array(let parts)?:
            for (place, part) in parts.enumerated() {
                try add(part, "\(name).content[\(place)]", limits)
            }
        case let other:
            throw Self.refusal(
                name, "has a content that is \(other?.summary ?? "missing"); it takes a text, or an array of parts")
        }
        try members.end()
    }

    private mutating func add(_ value: JSONValue, _ name: String, _ limits: BodyLimits) throws(Problem) {
        switch value.member("type")?.text {
        case "text"?, "input_text"?:
            guard let text = value.member("text")?.text else { throw Self.refusal(name, "has no \"text\"") }
            conversation.add(text: text)
        case "image_url"?:
            let url = value.member("image_url", "url") ?? value.member("image_url")
            try conversation.add(image: url, "\(name).image_url", limits)
        case "input_audio"?:
            throw Self.refusal(
                name,
                "is a sound, which no model here hears in a conversation; POST /v1/audio/transcriptions writes it down")
        case let other:
            throw Self.refusal(
                name,
                "is of \(other.map { "the type \"\($0.prefix(32))\"" } ?? "no type"); it takes \"text\" and \"image_url\""
            )
        }
    }

    private static func refusal(_ name: String, _ what: String) -> Problem {
        Problem(.invalidText, "\"\(name)\" \(what).", members: ["part": .string("messages")])
    }
}
