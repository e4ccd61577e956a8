import JSON
import Synchronization

/// A checkpoint folder in the layout of Hugging Face: `config.json`, `preprocessor_config.json`, and tensors in
/// `model.safetensors` or in the files of `model.safetensors.index.json`, or else in `pytorch_model.bin` or in the files of its
/// index. Tensors are mapped, not read.
public final class Checkpoint: Sendable {
    /// The folder.
    public let directory: String
    /// `config.json`.
    public let configuration: SensoriumConfiguration
    /// `preprocessor_config.json`, which a checkpoint with an image tower has.
    public let preprocessor: PreprocessorConfiguration?
    /// All tensors, sorted by name.
    public let tensors: [StoredTensor]

    private let files: TensorFiles
    private let configurationFile: FileMapping
    /// Those of the other files by which answers are computed that are there.
    private let otherFiles: [FileMapping]
    private let positions: [String: Int]
    private let cachedDigests = Mutex<[String]>([])

    /// Opens a checkpoint and checks everything but the tensors' names, shapes and values, which ``Weights`` does when
    /// networks read them. The error lists all problems found.
    public static func open(_ directory: String) throws(CheckpointError) -> Checkpoint {
        try Checkpoint(directory: directory)
    }

    private init(directory: String) throws(CheckpointError) {
        let parts = CheckpointParts(directory)
        guard parts.problems.isEmpty, let configuration = parts.configuration, let mapping = parts.configurationFile
        else { throw CheckpointError(directory: directory, problems: parts.problems) }
        self.directory = directory
        self.configuration = configuration
        preprocessor = parts.preprocessor
        configurationFile = mapping
        otherFiles = parts.otherFiles
        files = parts.files
        tensors = files.tensors.sorted { $0.name < $1.name }
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    /// The name of the checkpoint, from `config.json`.
    public var name: String { configuration.name }

    /// The `model_type` of `config.json`: "sensorium".
    public var modelType: String { SensoriumConfiguration.modelType }

    /// The names of all tensors, sorted.
    public var tensorNames: [String] { tensors.map(\.name) }

    /// The names of the tensor files, sorted.
    public var fileNames: [String] { files.names }

    /// The bytes of all tensors together, headers not counted.
    public var byteCount: Int { tensors.reduce(0) { $0 + $1.bytes.count } }

    /// The number of elements of all tensors together.
    public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

    /// What tells this checkpoint from every other: "sha256:" and the SHA-256 of `config.json`, the tensor files in the order of
    /// their names, `preprocessor_config.json` and `tokenizer.json` (those two where they are there), which
    /// `cat config.json model*.safetensors preprocessor_config.json tokenizer.json | sha256sum` prints as well. With
    /// `pytorch_model*.bin` in place of `model*.safetensors` where those are read.
    ///
    /// Computed at the first call, about 70 ms for 100 MB.
    public var digest: String { digests[1] }

    /// What ``digest`` was before it covered more than `config.json` and the tensor files: collections that were filled then carry it.
    public var formerDigest: String { digests[0] }

    private var digests: [String] {
        cachedDigests.withLock { cached in
            if cached.isEmpty {
                cached = sha256(
                    [configurationFile.bytes] + files.mappings.map(\.bytes), otherFiles.map(\.bytes)
                ).map { "sha256:\($0)" }
            }
            return cached
        }
    }

    /// The element type of most elements, in small letters: "f16".
    public var precision: String {
        let counts = Dictionary(tensors.map { ($0.elementType, $0.count) }, uniquingKeysWith: +)
        // Of two that are as many the one that comes first in the alphabet.
        let most = counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return (most?.key ?? .float32).rawValue.lowercased()
    }

    /// The tensor of that name.
    public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
        guard let position = positions[name] else {
            throw CheckpointError(directory: directory, problems: [.missingTensor(name: name, shape: [])])
        }
        return tensors[position]
    }

    /// Gives the memory of the mapped files back to the system, once networks have packed what they need. Tensors stay
    /// usable; reading one fetches it from the file again.
    public func releaseMapping() {
        for mapping in files.mappings { mapping.release() }
    }
}
