import Glibc
import JSON
import Synchronization

/// A checkpoint folder in the layout of Hugging Face: `config.json`, further JSON files, and tensors in `model.safetensors` or in
/// the files of `model.safetensors.index.json`, or else in `pytorch_model.bin` or in the files of its index. Tensors are mapped,
/// not read. What the files mean is for a family to say.
public final class Checkpoint: Sendable {
    /// The folder.
    public let directory: String
    /// The `model_type` of `config.json`, by which its family is told; nil where it has none.
    public let modelType: String?
    /// All tensors, sorted by name.
    public let tensors: [StoredTensor]
    /// What is wrong with the files of tensors, each by itself; what could be read of them is in ``tensors``.
    public let problems: [CheckpointProblem]

    private let files: TensorFiles
    private let configuration: Result<JSONCursor, CheckpointProblem>
    private let configurationFile: FileMapping?
    /// Those of the other files by which answers are computed that are there.
    private let otherFiles: [FileMapping]
    private let positions: [String: Int]
    private let cachedDigests = Mutex<[String]>([])

    /// Reads whatever can be read of a folder.
    public init(_ directory: String) {
        self.directory = directory
        configurationFile = try? FileMapping(path: "\(directory)/config.json", file: "config.json")
        configuration = Result { () throws(CheckpointProblem) in try readJSON("config.json", directory: directory) }
        if case .success(let root) = configuration, case .object(let members) = root.value,
            case .string(let type)? = members["model_type"]
        {
            modelType = type
        } else {
            modelType = nil
        }
        files = TensorFiles(directory: directory)
        problems = files.problems
        // Whoever reads them says what is wrong with them.
        otherFiles = Self.otherNames.compactMap {
            try? FileMapping(path: "\(directory)/\($0)", file: $0)
        }
        tensors = files.tensors.sorted { $0.name < $1.name }
        positions = Dictionary(tensors.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// The same of a folder whose files can all be read. The error lists all problems found.
    public static func open(_ directory: String) throws(CheckpointError) -> Checkpoint {
        let checkpoint = Checkpoint(directory)
        var problems = checkpoint.problems
        if case .failure(let problem) = checkpoint.configuration { problems.insert(problem, at: 0) }
        guard problems.isEmpty else { throw CheckpointError(directory: directory, problems: problems) }
        return checkpoint
    }

    /// What the folder is called, whatever the way to it; in the cache of the Hub (`models--org--name/snapshots/…`), the repository
    /// without its organisation.
    public var folderName: String {
        let resolved = realpath(directory, nil)
        defer { free(resolved) }
        let path = resolved.map { String(cString: $0) } ?? directory
        let parts = path.split(separator: "/")
        if parts.count >= 3, parts[parts.count - 2] == "snapshots", parts[parts.count - 3].hasPrefix("models--") {
            return parts[parts.count - 3].split(separator: "--").last.map(String.init) ?? path
        }
        return parts.last.map(String.init) ?? path
    }

    /// Whether the folder has a file of that name.
    public func has(_ file: String) -> Bool { fileExists("\(directory)/\(file)") }

    /// The content of a JSON file of the folder.
    public func json(_ file: String) throws(CheckpointProblem) -> JSONCursor {
        file == "config.json" ? try configuration.get() : try readJSON(file, directory: directory)
    }

    /// The names of all tensors, sorted.
    public var tensorNames: [String] { tensors.map(\.name) }

    /// The names of the tensor files, sorted.
    public var fileNames: [String] { files.names }

    /// The bytes of all tensors together, headers not counted.
    public var byteCount: Int { tensors.reduce(0) { $0 + $1.bytes.count } }

    /// The number of elements of all tensors together.
    public var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

    /// What tells this checkpoint from every other: "sha256:" and the SHA-256 of `config.json`, the tensor files in the order of
    /// their names, and of the files of preprocessor, tokenizer, pooling and generation that are there, in the order of theirs. Of a checkpoint of
    /// our own `cat config.json model*.safetensors preprocessor_config.json tokenizer.json | sha256sum` prints it as well. With
    /// `pytorch_model*.bin` in place of `model*.safetensors` where those are read.
    ///
    /// Computed at the first call, about 70 ms for 100 MB.
    public var digest: String { digests[1] }

    /// Files by which answers are computed, beside those that every checkpoint has, in the order in which the digest takes them.
    private static let otherNames = [
        "1_Pooling/config.json", "added_tokens.json", "chat_template.jinja", "chat_template.json",
        "generation_config.json", "merges.txt",
        "modules.json", "preprocessor_config.json", "processor_config.json",
        "sentence_bert_config.json",
        "sentencepiece.bpe.model", "spiece.model", "tokenizer.json", "tokenizer.model", "tokenizer_config.json",
        "vocab.json", "vocab.txt",
    ]

    /// What ``digest`` was before it covered more than `config.json` and the tensor files: collections that were filled then carry it.
    public var formerDigest: String { digests[0] }

    private var digests: [String] {
        cachedDigests.withLock { cached in
            if cached.isEmpty {
                cached = sha256(
                    (configurationFile.map { [$0.bytes] } ?? []) + files.mappings.map(\.bytes), otherFiles.map(\.bytes)
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

    /// What is wrong with the tensors. `read` reads the networks of the configuration, of weights that are looked at and not taken.
    /// Without it, where nobody knows what tensors there should be, only their values are looked at; and where a file of them cannot
    /// be read, none is called missing.
    public func tensorProblems(_ read: ((Weights) -> Void)?) -> [CheckpointProblem] {
        guard let read else { return tensors.compactMap(\.weightProblem) }
        let weights = Weights(lookingAt: tensors, directory: directory)
        read(weights)
        return weights.problems(isWhole: problems.isEmpty)
    }

    /// Gives the memory of the mapped files back to the system, once networks have packed what they need. Tensors stay
    /// usable; reading one fetches it from the file again.
    public func releaseMapping() {
        for mapping in files.mappings { mapping.release() }
    }
}
