import JSON

/// An encoder like BERT that turns sentences into vectors, as sentence-transformers (Reimers & Gurevych 2019) saves one: `config.json` of
/// `BertConfig` and its like, and where they are there, `modules.json`, the pooling's `config.json` and `sentence_bert_config.json`. What a file
/// leaves out is what transformers 5.24 and sentence-transformers 6.2 take for it.
public struct SentenceConfiguration: Sendable, Equatable {
    /// How the tokens of the last layer become one vector.
    public enum Pooling: String, Sendable, CaseIterable {
        /// Their mean.
        case mean
        /// The first one's.
        case cls
        /// The largest number of each column.
        case max
    }

    /// The encoder and its texts.
    public let text: PublishedText
    /// How tokens become a vector.
    public let pooling: Pooling

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var problems: [CheckpointProblem] = []
        let modules = Self.modules(folder, &problems)
        pooling = Self.pooling(folder, modules, &problems)
        let text = PublishedText(folder, &problems)
        problems += folder.problems
        guard let text, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.text = text
    }

    /// What follows the encoder, by the last name of its class, and the folder of its own files.
    private static func modules(
        _ folder: Checkpoint, _ problems: inout [CheckpointProblem]
    ) -> [(kind: String, path: String)] {
        guard let file = folder.file("modules.json", &problems) else { return [] }
        do throws(JSONError) {
            var modules: [(kind: String, path: String)] = []
            for module in try file.elements() {
                let kind = try module.member("type").string().split(separator: ".").last.map(String.init) ?? ""
                modules.append((kind, try module.member("path").string()))
            }
            for (place, module) in modules.enumerated()
            where !(place == 0 ? ["Transformer"] : ["Pooling", "Normalize"]).contains(module.kind) {
                problems.append(
                    .unsupported(
                        key: "modules.json: [\(place)].type", found: module.kind,
                        supported: place == 0 ? ["Transformer"] : ["Pooling", "Normalize"]))
            }
            return modules
        } catch {
            problems.append(.json(file: "modules.json", error))
            return []
        }
    }

    private static func pooling(
        _ folder: Checkpoint, _ modules: [(kind: String, path: String)], _ problems: inout [CheckpointProblem]
    ) -> Pooling {
        // A folder without modules is pooled by the mean.
        guard let path = modules.first(where: { $0.kind == "Pooling" })?.path else { return .mean }
        let name = "\(path)/config.json"
        guard let file = folder.file(name, isRequired: true, &problems) else { return .mean }
        var reader = ConfigurationReader(file: name, file)
        defer { problems += reader.problems }
        if reader.isPresent("pooling_mode") {
            return Pooling(rawValue: reader.string("pooling_mode", oneOf: Pooling.allCases.map(\.rawValue))) ?? .mean
        }
        let modes: [(key: String, pooling: Pooling?)] = [
            ("pooling_mode_cls_token", .cls), ("pooling_mode_mean_tokens", .mean), ("pooling_mode_max_tokens", .max),
            ("pooling_mode_mean_sqrt_len_tokens", nil), ("pooling_mode_weightedmean_tokens", nil),
            ("pooling_mode_lasttoken", nil),
        ]
        let chosen = modes.filter { reader.isPresent($0.key) && reader.boolean($0.key) }
        guard chosen.count == 1, let pooling = chosen[0].pooling else {
            if reader.problems.isEmpty {
                reader.refuse(
                    "pooling_mode", chosen.isEmpty ? "none" : chosen.map(\.key).joined(separator: " and "),
                    supported: modes.filter { $0.pooling != nil }.map(\.key))
            }
            return .mean
        }
        return pooling
    }
}
