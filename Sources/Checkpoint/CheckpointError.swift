import JSON

/// Everything that is wrong with a checkpoint folder, found in one look rather than one problem at a time.
public struct CheckpointError: Error, Equatable, Sendable {
    /// The folder that was opened.
    public let directory: String
    /// At least one problem, those of the configuration first.
    public let problems: [CheckpointProblem]

    /// The error that lists `problems` of `directory`.
    public init(directory: String, problems: [CheckpointProblem]) {
        self.directory = directory
        self.problems = problems
    }
}

extension CheckpointError: CustomStringConvertible {
    /// The most problems that are listed: a file whose names are nonsense has as many as names.
    private static let most = 1000

    /// One line that names the folder, then one line for each problem.
    public var description: String {
        if problems.count == 1 { return "The checkpoint \(directory) cannot be used. \(problems[0])" }
        return "The checkpoint \(directory) cannot be used, for \(problems.count) reasons:"
            + problems.prefix(Self.most).map { "\n  - \($0)" }.joined()
            + (problems.count > Self.most ? "\n  - and \(problems.count - Self.most) more." : "")
    }
}

/// One thing that is wrong with a checkpoint.
public enum CheckpointProblem: Error, Equatable, Sendable {
    /// A file that must be there cannot be read; `reason` is what the system said.
    case unreadable(file: String, reason: String)
    /// A JSON file breaks JSON, lacks a key or has a value that cannot be.
    case json(file: String, JSONError)
    /// `config.json` describes a model that this build does not have.
    case unsupported(key: String, found: String, supported: [String])
    /// An object has a key that it should not have, such as a misspelt one.
    case unknownKey(String, known: [String])
    /// Two values contradict each other.
    case contradiction(key: String, value: String, otherKey: String, otherValue: String)
    /// A file is not a sound safetensors file.
    case safetensors(file: String, SafetensorsFault)
    /// A file is not what `torch.save` writes of tensors, or asks for more.
    case torch(file: String, TorchFault)
    /// The index of a checkpoint in several files does not fit those files.
    case index(file: String, reason: String)
    /// Two tensors have the same name, in two files or, where `files` names one twice, in one.
    case duplicateTensor(name: String, files: [String])
    /// No tensor of this name, which the configuration asks for.
    case missingTensor(name: String, shape: [Int])
    /// A tensor that the configuration has no place for.
    case extraTensor(name: String, shape: [Int])
    /// A tensor of another shape than the configuration asks for.
    case wrongShape(name: String, found: [Int], expected: [Int])
    /// A tensor whose elements are not F32, F16 or BF16.
    case wrongElementType(name: String, found: ElementType)
    /// A NaN or an infinity; `position` counts elements in row-major order, and `value` is
    /// "NaN", "inf" or "-inf".
    case notFinite(name: String, position: Int, value: String)
    /// What a part of the model has against its file or its place in the configuration: a sentence.
    case part(String)
}

extension CheckpointProblem: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason)."
        case .json(let file, let error):
            "\(file): \(error)"
        case .unsupported(let key, let found, let supported):
            "config.json: \"\(key)\" is \"\(found)\"; this build supports \(supported.joined(separator: ", "))."
        case .unknownKey(let key, let known):
            "config.json: \"\(key)\" is no key that this build knows; known there are \(known.joined(separator: ", "))."
        case .contradiction(let key, let value, let otherKey, let otherValue):
            "\"\(key)\" is \(value), which does not fit \"\(otherKey)\", which is \(otherValue)."
        case .safetensors(let file, let fault):
            "\(file): \(fault)"
        case .torch(let file, let fault):
            "\(file): \(fault)"
        case .index(let file, let reason):
            "\(file): \(reason)."
        case .duplicateTensor(let name, let files):
            "The tensor \(name) is there twice, in \(files.joined(separator: " and in "))."
        case .missingTensor(let name, let shape):
            "The tensor \(name) \(shape) is missing."
        case .extraTensor(let name, let shape):
            "The tensor \(name) \(shape) is not part of the model that config.json describes."
        case .wrongShape(let name, let found, let expected):
            "The tensor \(name) has the shape \(found), but config.json asks for \(expected)"
                + (found.count == 2 && found == expected.reversed() ? "; it seems to be transposed." : ".")
        case .wrongElementType(let name, let found):
            "The tensor \(name) has elements of type \(found.rawValue); F32, F16 and BF16 can be used."
        case .notFinite(let name, let position, let value):
            "The tensor \(name) has the value \(value) at element \(position); every weight must be finite."
        case .part(let sentence): sentence
        }
    }
}
