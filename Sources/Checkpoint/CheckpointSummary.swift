import JSON

/// What is in a checkpoint, for `sensorium inspect`.
public struct CheckpointSummary: Sendable, Equatable {
    /// One tensor.
    public struct Tensor: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// The type of its elements.
        public let elementType: ElementType
        /// Its dimensions, outermost first.
        public let shape: [Int]
        /// Its number of elements.
        public let parameters: Int
        /// Its number of bytes.
        public let bytes: Int
    }

    /// The tensors of one element type together.
    public struct Share: Sendable, Equatable {
        /// The type.
        public let elementType: ElementType
        /// How many tensors have it.
        public let tensors: Int
        /// Their elements.
        public let parameters: Int
        /// Their bytes.
        public let bytes: Int
    }

    /// The checkpoint's name.
    public let name: String
    /// Its `model_type`.
    public let modelType: String
    /// The types of towers and heads, such as "image: efficientnet_lite2".
    public let architecture: [String]
    /// What it can do: "caption", "embed".
    public let tasks: [String]
    /// The tensor files, sorted.
    public let files: [String]
    /// All tensors, sorted by name.
    public let tensors: [Tensor]
    /// Tensors by element type, the type with most bytes first.
    public let elementTypes: [Share]
    /// All elements.
    public let parameters: Int
    /// All bytes of tensors.
    public let bytes: Int
    /// See ``Checkpoint/digest``.
    public let digest: String
}

extension Checkpoint {
    /// What is in this checkpoint. Computes the digest.
    public var summary: CheckpointSummary {
        let rows = tensors.map {
            CheckpointSummary.Tensor(
                name: $0.name, elementType: $0.elementType, shape: $0.shape, parameters: $0.count,
                bytes: $0.bytes.count)
        }
        let shares = Dictionary(grouping: rows, by: \.elementType).map { type, rows in
            CheckpointSummary.Share(
                elementType: type, tensors: rows.count, parameters: rows.reduce(0) { $0 + $1.parameters },
                bytes: rows.reduce(0) { $0 + $1.bytes })
        }
        return CheckpointSummary(
            name: name, modelType: modelType, architecture: configuration.architecture, tasks: configuration.tasks,
            files: fileNames, tensors: rows,
            elementTypes: shares.sorted { ($1.bytes, $0.elementType.rawValue) < ($0.bytes, $1.elementType.rawValue) },
            parameters: parameterCount, bytes: byteCount, digest: digest)
    }
}

extension SensoriumConfiguration {
    /// What a checkpoint of this configuration can do, by the names of the HTTP API.
    public var tasks: [String] {
        var tasks = heads.caption == nil ? [] : ["caption"]
        let classifiers = heads.compactMap { if case (_, .classifier(let head)) = $0 { head } else { nil } }
        for task in ClassifierHead.Task.allCases where classifiers.contains(where: { $0.task == task }) {
            tasks.append(task.rawValue)
        }
        let choosesLinearly = heads.contains { if case .linear = $1 { true } else { false } }
        if !classifiers.isEmpty || choosesLinearly { tasks.append("classify") }
        if heads.space != nil || towers.image != nil || towers.text != nil { tasks.append("embed") }
        if towers.words != nil { tasks.append("read") }
        return tasks
    }

    /// Towers and heads with their types, classifiers with what they fuse how and the number of their labels.
    public var architecture: [String] {
        towers.map { name, tower in "\(name): \(tower.type)" } + heads.map { name, head in "\(name): \(head.summary)" }
    }
}

extension SensoriumConfiguration.Head {
    /// The type, and what else tells one from another.
    fileprivate var summary: String {
        let parts = inputs.names.joined(separator: " + ")
        return switch self {
        case .caption: type
        case .classifier(let head):
            "\(type) (\(parts), \(head.fusion.kind.rawValue), \(head.labels.count) labels)"
        case .linear(let head): "\(type) (\(parts), \(head.labels.count) labels)"
        case .projection(let head):
            "\(type) (\(parts), \(head.dimensions) dimensions"
                + (head.composition.map { _ in ", \(SensoriumConfiguration.Composition.type)" } ?? "")
                + (head.concepts.isEmpty ? ")" : ", \(head.concepts.count) concepts)")
        }
    }
}

extension CheckpointSummary: CustomStringConvertible {
    /// A page for a person: the whole first, then a line for each tensor.
    public var description: String {
        var lines = [
            "name          \(name)",
            "model type    \(modelType)",
            "architecture  \(architecture.joined(separator: ", "))",
            "tasks         \(tasks.joined(separator: ", "))",
            "files         \(files.joined(separator: ", "))",
            "parameters    \(parameters)",
            "bytes         \(bytes)",
            "digest        \(digest)",
        ]
        for share in elementTypes {
            lines.append(
                "\(Self.padded(share.elementType.rawValue, 14))"
                    + "\(share.tensors) tensors, \(share.parameters) parameters, \(share.bytes) bytes")
        }
        lines.append("")
        let width = tensors.map(\.name.count).max() ?? 0
        for tensor in tensors {
            lines.append("\(Self.padded(tensor.name, width))  \(tensor.elementType.rawValue)  \(tensor.shape)")
        }
        return lines.joined(separator: "\n")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension CheckpointSummary {
    /// The summary as one JSON object.
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("name", name)
            json.field("model_type", modelType)
            json.field("architecture", architecture)
            json.field("tasks", tasks)
            json.field("files", files)
            json.field("parameters", parameters)
            json.field("bytes", bytes)
            json.field("digest", digest)
            json.field("tensors") { json in
                json.array { json in
                    for tensor in tensors {
                        json.object { json in
                            json.field("name", tensor.name)
                            json.field("element_type", tensor.elementType.rawValue)
                            json.field("shape") { json in
                                json.array { json in tensor.shape.forEach { json.value($0) } }
                            }
                            json.field("bytes", tensor.bytes)
                        }
                    }
                }
            }
        }
    }
}
