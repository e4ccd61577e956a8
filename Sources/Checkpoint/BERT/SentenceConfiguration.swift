import JSON

/// A BERT encoder that turns sentences into vectors, as sentence-transformers (Reimers & Gurevych 2019) saves one: `config.json` of
/// `BertConfig` and, where they are there, `modules.json`, the pooling's `config.json` and `sentence_bert_config.json`. What a file
/// leaves out is what transformers 5.24 and sentence-transformers 6.2 take for it.
public struct SentenceConfiguration: Sendable, Equatable {
    /// The value of `model_type`.
    public static let modelType = "bert"

    /// How the tokens of the last layer become one vector.
    public enum Pooling: String, Sendable, CaseIterable {
        /// Their mean.
        case mean
        /// The first one's.
        case cls
        /// The largest number of each column.
        case max
    }

    /// The encoder.
    public let encoder: SensoriumConfiguration.TextTower
    /// How tokens become a vector.
    public let pooling: Pooling
    /// Whether texts are written in small letters before they are taken apart.
    public let lowercases: Bool

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var problems: [CheckpointProblem] = []
        let modules = Self.modules(folder, &problems)
        pooling = Self.pooling(folder, modules, &problems)
        var limit: Int?
        var lowercases = false
        if let file = Self.file("sentence_bert_config.json", of: folder, &problems) {
            var reader = ConfigurationReader(file: "sentence_bert_config.json", file)
            if reader.isPresent("max_seq_length") { limit = reader.integer("max_seq_length", in: 3...1_000_000) }
            lowercases = reader.isPresent("do_lower_case") && reader.boolean("do_lower_case")
            problems += reader.problems
        }
        self.lowercases = lowercases
        if limit == nil, let file = Self.file("tokenizer_config.json", of: folder, &problems) {
            // Of a tokenizer without a limit a number of thirty digits.
            let most = try? file.optionalMember("model_max_length")?.number()
            limit = most.flatMap { $0 >= 3 && $0 <= 1e6 ? Int($0) : nil }
        }
        var encoder: SensoriumConfiguration.TextTower?
        if let file = Self.file("config.json", of: folder, isRequired: true, &problems) {
            var reader = ConfigurationReader(file: "config.json", file)
            encoder = SensoriumConfiguration.TextTower(published: &reader, maxTokens: limit)
            problems += reader.problems
        }
        problems += folder.problems
        guard let encoder, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.encoder = encoder
    }

    private static func file(
        _ name: String, of folder: Checkpoint, isRequired: Bool = false, _ problems: inout [CheckpointProblem]
    ) -> JSONCursor? {
        guard isRequired || folder.has(name) else { return nil }
        do {
            return try folder.json(name)
        } catch {
            problems.append(error)
            return nil
        }
    }

    /// What follows the encoder, by the last name of its class, and the folder of its own files.
    private static func modules(
        _ folder: Checkpoint, _ problems: inout [CheckpointProblem]
    ) -> [(kind: String, path: String)] {
        guard let file = file("modules.json", of: folder, &problems) else { return [] }
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
        guard let file = file(name, of: folder, isRequired: true, &problems) else { return .mean }
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

extension SensoriumConfiguration.TextTower {
    /// Of the `config.json` of a published BERT.
    /// - Parameter maxTokens: the most tokens of a text, where another file says it.
    fileprivate init(published reader: inout ConfigurationReader, maxTokens: Int?) {
        if reader.isPresent("hidden_act") { _ = reader.string("hidden_act", oneOf: ["gelu"]) }
        if reader.isPresent("position_embedding_type") {
            _ = reader.string("position_embedding_type", oneOf: ["absolute"])
        }
        let positions = reader.integer("max_position_embeddings", in: 3...1_000_000, orElse: 512)
        self.init(
            vocabularySize: reader.integer("vocab_size", in: 1...10_000_000, orElse: 30_522),
            hiddenSize: reader.integer("hidden_size", in: 1...16_384, orElse: 768),
            layers: reader.integer("num_hidden_layers", in: 1...256, orElse: 12),
            attentionHeads: reader.integer("num_attention_heads", in: 1...1024, orElse: 12),
            intermediateSize: reader.integer("intermediate_size", in: 1...65_536, orElse: 3072),
            maxPositions: positions,
            typeVocabularySize: reader.integer("type_vocab_size", in: 1...1024, orElse: 2),
            layerNormEpsilon: reader.epsilon("layer_norm_eps", orElse: 1e-12),
            maxTokens: min(maxTokens ?? positions, positions))
        reader.demandHeads(width: hiddenSize, heads: attentionHeads)
    }
}
