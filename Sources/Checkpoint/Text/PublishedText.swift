import JSON

/// The encoder of a published model of texts, and what its files say of the texts: `config.json`, `tokenizer_config.json` and
/// `sentence_bert_config.json`. What a file leaves out is what transformers 5.24 and sentence-transformers 6.2 take for it.
public struct PublishedText: Sendable, Equatable {
    /// The encoder.
    public let encoder: TextEncoder
    /// Whether texts are written in small letters before they are taken apart.
    public let lowercases: Bool
    /// Whether the encoder is told which of two texts a token is of.
    public let hasSegments: Bool

    init?(_ folder: Checkpoint, _ problems: inout [CheckpointProblem]) {
        var limit: Int?
        var lowercases = false
        if let file = folder.file("sentence_bert_config.json", &problems) {
            var reader = ConfigurationReader(file: "sentence_bert_config.json", file)
            if reader.isPresent("max_seq_length") { limit = reader.integer("max_seq_length", in: 3...1_000_000) }
            lowercases = reader.boolean("do_lower_case", orElse: false)
            problems += reader.problems
        }
        self.lowercases = lowercases
        var inputs: [String]?
        if let file = folder.file("tokenizer_config.json", &problems) {
            // Of a tokenizer without a limit a number of thirty digits.
            let most = try? file.optionalMember("model_max_length")?.number()
            limit = limit ?? most.flatMap { $0 >= 3 && $0 <= 1e6 ? Int($0) : nil }
            inputs = try? file.optionalMember("model_input_names")?.elements().map { try $0.string() }
        }
        guard let file = folder.file("config.json", isRequired: true, &problems) else { return nil }
        var reader = ConfigurationReader(file: "config.json", file)
        let names = TextEncoder.Family.allCases.map(\.rawValue)
        guard let family = TextEncoder.Family(rawValue: reader.string("model_type", oneOf: names)) else {
            problems += reader.problems
            return nil
        }
        encoder = TextEncoder(family, published: &reader, limit: limit)
        hasSegments = family.tokenizerTellsSegments && inputs?.contains("token_type_ids") ?? true
        problems += reader.problems
    }
}

extension TextEncoder.Family {
    /// Whether its tokenizer tells two texts of a pair apart; else all tokens are of the first segment, whatever the table has.
    fileprivate var tokenizerTellsSegments: Bool { self == .bert || self == .electra }
}

extension Checkpoint {
    /// The content of a file, where it is there; nil as well where it cannot be read, which is noted.
    func file(
        _ name: String, isRequired: Bool = false, _ problems: inout [CheckpointProblem]
    ) -> JSONCursor? {
        guard isRequired || has(name) else { return nil }
        do {
            return try json(name)
        } catch {
            problems.append(error)
            return nil
        }
    }
}
