import Glibc
import HTTP
import JSON
import Synchronization

/// What a route of our own answered, as a chat completion.
struct OpenAICompletion {
    /// What every piece of an answer begins with.
    struct Head: Sendable {
        /// The request's id.
        let id: String
        let model: String
        /// Seconds since 1970.
        let created = time(nil)

        fileprivate func write(_ object: String, to json: inout JSONWriter) {
            json.field("id", "chatcmpl-\(id)")
            json.field("object", object)
            json.field("created", created)
            json.field("model", model)
        }
    }

    /// nil where the answer is withheld.
    let text: String?
    /// Why it is.
    let reason: String?
    /// `stop`, or `length` where it was cut.
    let ending: String
    /// nil where the route does not tell.
    let usage: OpenAI.Usage?

    init(answer: [UInt8]) throws(Problem) {
        let answer = try JSONValue(answer: answer)
        text = (answer.member("message", "content") ?? answer.member("answer") ?? answer.member("caption"))?.text
        reason = answer.member("reason")?.text
        ending = answer.member("finish_reason")?.text ?? "stop"
        usage = answer.member("usage", "prompt_tokens")?.whole.map {
            OpenAI.Usage(read: $0, written: answer.member("usage", "completion_tokens")?.whole)
        }
    }

    func response(_ head: Head) throws -> HTTPResponse {
        try .json { json throws(JSONError) in
            head.write("chat.completion", to: &json)
            try json.field("choices") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    try json.object { json throws(JSONError) in
                        json.field("index", 0)
                        try json.field("message") { json throws(JSONError) in
                            try json.object { json throws(JSONError) in
                                json.field("role", "assistant")
                                try json.field("content", text.map { .string($0) } ?? .null)
                                try json.field("refusal", text == nil ? .string(reason ?? "") : .null)
                            }
                        }
                        try json.field("logprobs", .null)
                        json.field("finish_reason", ending)
                    }
                }
            }
            OpenAI.write(usage, to: &json)
        }
    }

    fileprivate static func chunk(
        _ head: Head, ending: String? = nil, _ delta: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter()
        // Texts and null can be written.
        try? json.object { json throws(JSONError) in
            head.write("chat.completion.chunk", to: &json)
            try json.field("choices") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    try json.object { json throws(JSONError) in
                        json.field("index", 0)
                        json.field("delta") { $0.object(delta) }
                        try json.field("logprobs", .null)
                        try json.field("finish_reason", ending.map { .string($0) } ?? .null)
                    }
                }
            }
        }
        return event(json.bytes)
    }

    fileprivate static func usage(_ head: Head, _ usage: OpenAI.Usage) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            head.write("chat.completion.chunk", to: &json)
            json.field("choices") { $0.array { _ in } }
            OpenAI.write(usage, to: &json)
        }
        return event(json.bytes)
    }

    static func event(_ document: [UInt8]) -> [UInt8] {
        Array("data: ".utf8) + document + Array("\n\n".utf8)
    }
}

/// A chat completion piece by piece: chunks, and `[DONE]`.
final class OpenAIChatEvents: EventForm {
    let contentType = "text/event-stream"
    let waiting = Array(": waiting\n\n".utf8)
    private let head: OpenAICompletion.Head
    private let includesUsage: Bool
    /// What was told so far; nil before anything was.
    private let told = Mutex<String?>(nil)

    init(_ head: OpenAICompletion.Head, includesUsage: Bool) {
        self.head = head
        self.includesUsage = includesUsage
    }

    /// The first piece says who speaks.
    private func piece(_ text: String) -> [UInt8] {
        let isFirst = told.withLock { told in
            defer { told = (told ?? "") + text }
            return told == nil
        }
        return OpenAICompletion.chunk(head) { json in
            if isFirst { json.field("role", "assistant") }
            json.field("content", text)
        }
    }

    func token(_ text: String) -> [UInt8] { piece(text) }

    func result(_ answer: [UInt8]) -> [UInt8] {
        guard let completion = try? OpenAICompletion(answer: answer) else {
            return failure(.internalError, requestID: head.id)
        }
        var events: [UInt8] = []
        // What was not told word by word is told now.
        let told = told.withLock(\.self)
        if let text = completion.text {
            if let rest = text.untold(told) { events += piece(rest) }
        } else if told == nil {
            events += OpenAICompletion.chunk(head) { json in
                json.field("role", "assistant")
                json.field("refusal", completion.reason ?? "")
            }
        }
        events += OpenAICompletion.chunk(head, ending: completion.ending) { _ in }
        if includesUsage, let usage = completion.usage { events += OpenAICompletion.usage(head, usage) }
        return events + Array("data: [DONE]\n\n".utf8)
    }

    func failure(_ problem: Problem, requestID: String) -> [UInt8] {
        OpenAICompletion.event(OpenAI().document(problem))
    }
}

extension String {
    /// What is left to tell of it, `told` being its begin; nil where that is nothing.
    func untold(_ told: String?) -> String? {
        guard let told else { return self }
        return utf8.count > told.utf8.count && hasPrefix(told) ? String(dropFirst(told.count)) : nil
    }
}
