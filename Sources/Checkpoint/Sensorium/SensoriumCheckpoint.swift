import JSON

/// A checkpoint of our own family: its folder, with `config.json` and `preprocessor_config.json` read and checked.
public struct SensoriumCheckpoint: Sendable {
    /// The folder.
    public let folder: Checkpoint
    /// `config.json`.
    public let configuration: SensoriumConfiguration
    /// `preprocessor_config.json`, which a checkpoint with an image tower has.
    public let preprocessor: PreprocessorConfiguration?

    /// Opens a folder and checks everything but the tensors' names, shapes and values, which ``Weights`` does when networks read
    /// them. The error lists all problems found.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        let parts = SensoriumParts(folder)
        guard parts.problems.isEmpty, let configuration = parts.configuration else {
            throw CheckpointError(directory: folder.directory, problems: parts.problems)
        }
        self.folder = folder
        self.configuration = configuration
        preprocessor = parts.preprocessor
    }

    /// The same of the folder at a path.
    public static func open(_ directory: String) throws(CheckpointError) -> SensoriumCheckpoint {
        try SensoriumCheckpoint(Checkpoint(directory))
    }

    /// The name of the checkpoint, from `config.json`.
    public var name: String { configuration.name }
}

/// The parts of a checkpoint of our own family, as far as they can be read, and what is wrong with each.
public struct SensoriumParts: Sendable {
    /// `config.json`; nil where it cannot be used.
    let configuration: SensoriumConfiguration?
    /// What `config.json` says as far as other parts are to be held against it, also where it has keys that it should not have;
    /// nil where that is not known.
    public let reading: SensoriumConfiguration?
    let preprocessor: PreprocessorConfiguration?
    /// What is wrong, those of the configuration first. Tensors are held against nothing yet.
    public let problems: [CheckpointProblem]

    /// Reads whatever can be read of a folder.
    public init(_ folder: Checkpoint) {
        var problems: [CheckpointProblem] = []
        var configuration: SensoriumConfiguration?
        var reading: SensoriumConfiguration?
        do {
            switch SensoriumConfiguration.read(try folder.json("config.json")) {
            case .success(let read): configuration = read
            case .failure(let found):
                problems += found.list
                reading = found.reading
            }
        } catch {
            problems.append(error)
        }
        var preprocessor: PreprocessorConfiguration?
        if configuration?.towers.image != nil || folder.has("preprocessor_config.json") {
            do {
                switch PreprocessorConfiguration.read(try folder.json("preprocessor_config.json")) {
                case .success(let read): preprocessor = read
                case .failure(let found): problems += found.list
                }
            } catch {
                problems.append(error)
            }
        }
        if let preprocessor, let configuration {
            for case (let name, .image(let tower)) in configuration.towers
            where (preprocessor.width, preprocessor.height) != (tower.imageSize, tower.imageSize) {
                problems.append(
                    .contradiction(
                        key: "size", value: "\(preprocessor.width) x \(preprocessor.height)",
                        otherKey: "towers.\(name).image_size", otherValue: "\(tower.imageSize)"))
            }
        }
        self.configuration = configuration
        self.reading = configuration ?? reading
        self.preprocessor = preprocessor
        self.problems = problems + folder.problems
    }
}
