import HTTP
import JSON
import Tasks

/// The dialect of text-embeddings-inference, which `huggingface_hub.InferenceClient` and LangChain's `HuggingFaceEndpointEmbeddings`
/// speak. A request names no model but by `?model=`.
struct TEI: Dialect {
    func document(_ problem: Problem) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("error", problem.detail)
            json.field("error_type", Self.type(problem))
        }
        return json.bytes
    }

    private static func type(_ problem: Problem) -> String {
        switch problem.status {
        case 429: "Overloaded"
        case 503: problem.code == .notReady || problem.code == .draining ? "Unhealthy" : "Overloaded"
        case 500...: "Backend"
        default: "Validation"
        }
    }

    /// Whether texts that are too long are cut; refused where it is false. Cut where it is not said.
    static let truncate = InputOption.boolean("truncate", usually: true)
    /// Scores as the model computed them, before they were made probabilities.
    static let rawScores = InputOption.boolean("raw_scores", standard: false)

    /// Members that change how a text is read, which the model's own folder says here.
    static func refuseReading(_ members: inout DialectMembers) throws(Problem) {
        try members.refuse(
            "truncation_direction", "texts are cut at their end", unless: .string("right"), .string("Right"))
        try members.refuse("prompt_name", "prompts have no names here; send the text with its prompt before it")
    }

    /// The refusal of a text that is longer than the model takes, where it is not to be cut.
    static func tooLong(_ name: String, _ tokens: Int?) -> Problem {
        Problem(
            .invalidText,
            "\"\(name)\" has \(tokens.map { "\($0) tokens, " } ?? "")more than the model takes; send a shorter one, or \"truncate\": true.",
            members: ["part": .string(name)])
    }

    /// A list as the whole answer.
    static func list(
        _ request: Request, _ body: (inout JSONWriter) throws(JSONError) -> Void
    ) throws(JSONError) -> HTTPResponse {
        var json = JSONWriter()
        try json.array(body)
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]), body: json.bytes)
    }
}
