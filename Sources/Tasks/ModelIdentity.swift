import Checkpoint

/// What a model is, for whoever asks.
public struct ModelIdentity: Sendable {
    /// `model_type` of its configuration.
    public let architecture: String
    /// The name of its folder.
    public let name: String
    /// "sha256:…" over all files by which it answers.
    public let digest: String
    /// The number of weights.
    public let parameters: Int
    /// What most of them are stored in: "f32", "f16" or "bf16".
    public let precision: String

    /// That of a folder whose weights were read; its mapping is given back.
    init(_ folder: Checkpoint, _ weights: Weights, _ architecture: String) {
        self.architecture = architecture
        name = folder.folderName
        digest = folder.digest
        parameters = weights.parameterCount
        precision = folder.precision
        // What is packed is not read again; rows of tables come back page by page.
        folder.releaseMapping()
    }
}

extension ModelCard {
    /// That of a published model, before what it takes and gives is said.
    init(_ identity: ModelIdentity, tasks: [String]) {
        self.init(
            name: identity.name, architecture: identity.architecture, digest: identity.digest,
            parameters: identity.parameters, precision: identity.precision, tasks: tasks)
    }
}
