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
