import JSON

/// The parts of a checkpoint folder, as far as they can be read, and what is wrong with each.
public struct CheckpointParts: Sendable {
    /// `config.json`; nil where it cannot be used.
    let configuration: SensoriumConfiguration?
    /// What `config.json` says as far as other parts are to be held against it, also where it has keys that it should not have;
    /// nil where that is not known.
    public let reading: SensoriumConfiguration?
    /// What is wrong, those of the configuration first. Tensors are held against nothing yet.
    public let problems: [CheckpointProblem]

    let configurationFile: FileMapping?
    /// The other files by which answers are computed, as far as they are there, sorted.
    let otherFiles: [FileMapping]
    let preprocessor: PreprocessorConfiguration?
    let files: TensorFiles

    /// Reads whatever can be read of a folder.
    public init(_ directory: String) {
        var problems: [CheckpointProblem] = []
        var configuration: SensoriumConfiguration?
        var reading: SensoriumConfiguration?
        var configurationFile: FileMapping?
        do {
            configurationFile = try FileMapping(path: "\(directory)/config.json", file: "config.json")
            switch SensoriumConfiguration.read(try readJSON("config.json", directory: directory)) {
            case .success(let read): configuration = read
            case .failure(let found):
                problems += found.list
                reading = found.reading
            }
        } catch {
            problems.append(error)
        }
        var preprocessor: PreprocessorConfiguration?
        if configuration?.towers.image != nil || fileExists("\(directory)/preprocessor_config.json") {
            do {
                switch PreprocessorConfiguration.read(
                    try readJSON("preprocessor_config.json", directory: directory))
                {
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
        files = TensorFiles(directory: directory)
        // Whoever reads them says what is wrong with them.
        otherFiles = ["preprocessor_config.json", "tokenizer.json"].compactMap {
            try? FileMapping(path: "\(directory)/\($0)", file: $0)
        }
        self.configuration = configuration
        self.reading = configuration ?? reading
        self.configurationFile = configurationFile
        self.preprocessor = preprocessor
        self.problems = problems + files.problems
    }

    /// What is wrong with the tensors. `read` reads the networks of the configuration, of weights that are looked at and not taken.
    /// Without it, where nobody knows what tensors there should be, only their values are looked at; and where a file of them cannot
    /// be read, none is called missing.
    public func tensorProblems(_ read: ((Weights) -> Void)?) -> [CheckpointProblem] {
        guard let read else { return files.tensors.compactMap(\.weightProblem) }
        let weights = Weights(lookingAt: files.tensors.sorted { $0.name < $1.name }, directory: files.directory)
        read(weights)
        return weights.problems(isWhole: files.problems.isEmpty)
    }
}
