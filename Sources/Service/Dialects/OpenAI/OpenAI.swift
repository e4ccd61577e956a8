import HTTP
import JSON

/// The dialect of OpenAI's API, which LangChain, LiteLLM, Open WebUI and many others speak.
struct OpenAI: Dialect {
    func document(_ problem: Problem) -> [UInt8] {
        var json = JSONWriter()
        // A problem's members are texts and whole numbers, which can be written.
        try? json.object { json throws(JSONError) in
            try json.field("error") { json throws(JSONError) in
                try json.object { json throws(JSONError) in
                    json.field("message", problem.detail)
                    json.field("type", Self.type(problem.status))
                    let param = problem.members.first { ["option", "part", "model"].contains($0.name) }
                    try json.field("param", param.map { $0.name == "model" ? .string("model") : $0.value } ?? .null)
                    json.field("code", problem.code.rawValue)
                }
            }
        }
        return json.bytes
    }

    private static func type(_ status: Int) -> String {
        switch status {
        case 401: "authentication_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// Members that say who asks and how it is billed, kept or routed.
    static func ignoreOrganisation(_ members: inout DialectMembers) {
        members.ignore(
            "user", "store", "metadata", "service_tier", "safety_identifier", "prompt_cache_key",
            "prompt_cache_retention")
    }

    /// The members of a model among OpenAI's, `id` being its name.
    /// - Parameter created: seconds since 1970.
    static func write(modelNamed name: String, created: Int, to json: inout JSONWriter) {
        json.field("id", name)
        json.field("object", "model")
        json.field("created", created)
        json.field("owned_by", "sensorium")
    }

    /// Writes what tokens were read and written; nothing where that is not known.
    static func write(_ usage: Usage?, to json: inout JSONWriter) {
        guard let usage else { return }
        json.field("usage") { json in
            json.object { json in
                json.field("prompt_tokens", usage.read)
                if let written = usage.written { json.field("completion_tokens", written) }
                json.field("total_tokens", usage.read + (usage.written ?? 0))
            }
        }
    }

    /// Tokens that a model read and wrote.
    struct Usage: Sendable, Equatable {
        let read: Int
        /// nil where nothing is written.
        var written: Int?
    }
}
