import Checkpoint

/// The families of checkpoints, by the `model_type` of their `config.json`.
public enum Families {
    private static let loaders: [(type: String, load: @Sendable (Checkpoint, Compute) throws -> any Model)] = [
        (SensoriumConfiguration.modelType, { try LoadedModel.load($0, compute: $1) }),
        (SentenceConfiguration.modelType, { try SentenceModel.load($0, compute: $1) }),
    ]

    /// The model in a folder, packed for this machine. Throws what is wrong with the folder.
    public static func load(_ directory: String, compute: Compute) throws -> any Model {
        // A folder without a type is looked at as ours, which says all that it lacks.
        let folder = Checkpoint(directory)
        let type = folder.modelType ?? SensoriumConfiguration.modelType
        guard let family = loaders.first(where: { $0.type == type }) else {
            throw CheckpointError(
                directory: directory,
                problems: [.unsupported(key: "model_type", found: type, supported: loaders.map(\.type))])
        }
        return try family.load(folder, compute)
    }
}
