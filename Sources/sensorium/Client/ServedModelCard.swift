import JSON
import Retrieval

/// The model of a service, as `/v1/models` describes it.
struct ServedModelCard {
    let name: String
    /// The kind of network.
    let architecture: String
    /// What it can do.
    let tasks: [String]
    /// The number of weights.
    let parameters: Int
    let digest: String
    /// By which collections know it that were written before digests covered every file.
    let formerDigest: String?
    /// What of files it can turn into vectors that can be compared.
    let kinds: Set<ItemKind>

    /// Of the answer of `GET /v1/models`.
    init(_ answer: ServerClient.Answer) throws {
        guard answer.status == 200, let json = answer.json else { throw answer.refusal }
        guard let model = try JSONCursor(json).member("models").elements().first else {
            throw ServerClient.Refusal(description: "The server has not loaded its model yet; try again later.")
        }
        name = try model.member("name").string()
        architecture = try model.member("architecture").string()
        var tasks: [String] = []
        for task in try model.member("tasks").elements() { tasks.append(try task.string()) }
        self.tasks = tasks
        parameters = try model.member("parameters").integer()
        digest = try model.member("digest").string()
        formerDigest = try model.optionalMember("former_digest")?.string()
        let parts = try model.member("embeddings").object()
        kinds = Set([ItemKind.image, .audio].filter { parts[$0.rawValue] != nil })
    }
}
