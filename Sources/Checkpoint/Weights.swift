/// Reads the weights of networks from a checkpoint: a network asks once for each tensor that it has, by name and shape, and what
/// it gets was checked.
///
///     let layer = weights["encoder.layer.0"]
///     let bias = layer.floats("output.bias", [width])
///     try weights.finish(ignoring: ["position_ids", "pooler"])
///
/// Nothing throws on the way, so that every problem comes out at once: a tensor that is missing, misshapen, of a type that is no
/// weight or not finite is noted and reads as a stand-in, empty. From the first problem on all tensors do: each is still looked at,
/// but nothing more is taken from the file, and a shape that no tensor has costs no memory. What a network makes of its
/// weights at once it makes by ``made(_:orElse:)`` or where ``isSound`` is true, and then of sound ones alone.
///
/// For one thread. Scopes of one reader share what they note.
public struct Weights {
    /// A tensor that was asked for.
    public struct Asked: Sendable, Hashable {
        /// Its name in the checkpoint.
        public let name: String
        /// Its dimensions, outermost first.
        public let shape: [Int]

        /// The tensor called `name` with dimensions `shape`.
        public init(_ name: String, _ shape: [Int]) {
            self.name = name
            self.shape = shape
        }
    }

    /// What names begin with: empty, or ending with a dot.
    private let prefix: String
    private let notes: WeightNotes

    /// The weights of a checkpoint.
    public init(_ checkpoint: Checkpoint) {
        self.init(
            prefix: "", notes: WeightNotes(checkpoint.tensors, directory: checkpoint.directory, takes: true))
    }

    /// The weights of a folder that something is wrong with: looked at, and none taken.
    init(lookingAt tensors: [StoredTensor], directory: String) {
        self.init(prefix: "", notes: WeightNotes(tensors, directory: directory, takes: false))
    }

    private init(prefix: String, notes: WeightNotes) {
        self.prefix = prefix
        self.notes = notes
    }

    /// What `read` asks for, in its order and each tensor once: of no checkpoint, and without memory for any tensor.
    public static func asked(by read: (Weights) throws -> Void) rethrows -> [Asked] {
        let notes = WeightNotes([], directory: "", takes: false)
        try read(Weights(prefix: "", notes: notes))
        return notes.asked
    }

    /// The weights whose names begin with that of this scope, `name` and a dot.
    public subscript(name: String) -> Weights { Weights(prefix: "\(prefix)\(name).", notes: notes) }

    /// Whether everything that was asked for so far was there as it should be, and is taken.
    public var isSound: Bool { notes.isSound }

    /// The number of elements of all tensors that were asked for and are there, each counted once.
    public var parameterCount: Int { notes.parameterCount }

    /// Whether the checkpoint has a tensor called `name` in this scope, for what files have under several names or leave out. That
    /// alone does not count as having read it.
    public func has(_ name: String) -> Bool { notes.has("\(prefix)\(name)") }

    /// The tensor called `name` in this scope; nil for a stand-in.
    public func tensor(_ name: String, _ shape: [Int]) -> StoredTensor? {
        let tensor = notes.look("\(prefix)\(name)", shape)
        return isSound ? tensor : nil
    }

    /// The elements of the tensor called `name` in this scope, in row-major order; none for a stand-in.
    public func floats(_ name: String, _ shape: [Int]) -> [Float] { tensor(name, shape)?.floats() ?? [] }

    /// What is made of weights that were read, or a stand-in where one of them is.
    public func made<Value>(_ value: @autoclosure () -> Value, orElse standIn: @autoclosure () -> Value) -> Value {
        isSound ? value() : standIn()
    }

    /// Throws every problem with what was read so far. For a part of a checkpoint: that nothing is left is not asked.
    public func check() throws(CheckpointError) { try refuse(notes.problems) }

    /// Throws every problem with what was read, and names the tensors that nobody read.
    /// - Parameter ignored: of those, the ones that may be there: names, or parts of names between dots. "pooler" stands for
    ///   `pooler.dense.weight` and for `text.pooler.dense.bias`; a part `*` stands for any.
    public func finish(ignoring ignored: [String] = []) throws(CheckpointError) {
        try refuse(notes.problems + notes.unread(ignoring: ignored))
    }

    /// What is wrong with the tensors. Where a file of them cannot be read, none is called missing.
    func problems(isWhole: Bool) -> [CheckpointProblem] {
        let found = notes.problems + notes.unread(ignoring: [])
        return isWhole ? found : found.filter { if case .missingTensor = $0 { false } else { true } }
    }

    private func refuse(_ problems: [CheckpointProblem]) throws(CheckpointError) {
        if !problems.isEmpty { throw CheckpointError(directory: notes.directory, problems: problems) }
    }
}

extension Checkpoint {
    /// What `read` makes of some of the tensors. Throws what is wrong with those; others may be there.
    public func read<Value>(_ read: (Weights) throws -> Value) throws -> Value {
        let weights = Weights(self)
        let value = try read(weights)
        try weights.check()
        return value
    }
}

/// What the scopes of a reader have noted.
private final class WeightNotes {
    let directory: String
    private(set) var asked: [Weights.Asked] = []
    private(set) var problems: [CheckpointProblem] = []
    private(set) var isSound: Bool
    private(set) var parameterCount = 0

    /// In the order of the checkpoint.
    private let tensors: [StoredTensor]
    private let byName: [String: StoredTensor]
    /// The shape that each name was first asked for with.
    private var shapes: [String: [Int]] = [:]

    /// - Parameter takes: false to look at the tensors only.
    init(_ tensors: [StoredTensor], directory: String, takes: Bool) {
        self.directory = directory
        self.tensors = tensors
        byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        isSound = takes
    }

    func has(_ name: String) -> Bool { byName[name] != nil }

    /// The tensor of that name, once it was found to be as it should be.
    func look(_ name: String, _ shape: [Int]) -> StoredTensor? {
        let tensor = byName[name]
        // Tied weights are asked for by all that share them: what was found to be sound, or refused, is not looked at again.
        if shapes[name] == shape { return tensor }
        let isFirst = shapes.updateValue(shape, forKey: name) == nil
        if isFirst { asked.append(Weights.Asked(name, shape)) }
        guard let tensor else {
            note(.missingTensor(name: name, shape: shape))
            return nil
        }
        if isFirst { parameterCount += tensor.count }
        if tensor.shape != shape { note(.wrongShape(name: name, found: tensor.shape, expected: shape)) }
        if isFirst, let problem = tensor.weightProblem { note(problem) }
        return tensor
    }

    private func note(_ problem: CheckpointProblem) {
        problems.append(problem)
        isSound = false
    }

    func unread(ignoring ignored: [String]) -> [CheckpointProblem] {
        let patterns = ignored.map { $0.split(separator: ".") }
        return tensors.filter { tensor in
            guard shapes[tensor.name] == nil else { return false }
            let parts = tensor.name.split(separator: ".")
            return !patterns.contains { $0.isRun(of: parts) }
        }.map { .extraTensor(name: $0.name, shape: $0.shape) }
    }
}

extension [Substring] {
    /// Whether these parts stand side by side somewhere in `parts`.
    fileprivate func isRun(of parts: [Substring]) -> Bool {
        guard !isEmpty, parts.count >= count else { return false }
        return (0...parts.count - count).contains { first in
            indices.allSatisfy { self[$0] == "*" || self[$0] == parts[first + $0] }
        }
    }
}

extension StoredTensor {
    /// What keeps it from being a weight, whatever its shape.
    var weightProblem: CheckpointProblem? {
        guard elementType.isWeight else { return .wrongElementType(name: name, found: elementType) }
        return firstNonFinite().map {
            .notFinite(name: name, position: $0.position, value: $0.value.isNaN ? "NaN" : "\($0.value)")
        }
    }
}
