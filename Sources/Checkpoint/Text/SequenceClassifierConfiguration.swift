import JSON

/// An encoder like BERT with a head that tells texts, or pairs of them, by labels: a `…ForSequenceClassification`.
public struct SequenceClassifierConfiguration: Sendable, Equatable {
    /// What the logits of the labels become.
    public enum Scores: Sendable, Equatable {
        /// One label is right: probabilities that add up to 1.
        case softmax
        /// Each label is right or not by itself, from 0 to 1.
        case sigmoid
        /// They stand for themselves.
        case identity
    }

    /// The encoder and its texts.
    public let text: PublishedText
    /// The labels, in the order of the logits.
    public let labels: [String]
    /// What their logits become.
    public let scores: Scores

    /// Whether a folder has such a model.
    public static func describes(_ folder: Checkpoint) -> Bool {
        let names = try? folder.json("config.json").optionalMember("architectures")?.elements().map { try $0.string() }
        return names?.contains { $0.hasSuffix("ForSequenceClassification") } ?? false
    }

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var problems: [CheckpointProblem] = []
        let text = PublishedText(folder, &problems)
        var labels: [String] = []
        var scores = Scores.softmax
        if text != nil, let file = try? folder.json("config.json") {
            var reader = ConfigurationReader(file: "config.json", file)
            labels = Self.labels(&reader)
            scores = Self.scores(&reader, labels: labels.count)
            problems += reader.problems
        }
        problems += folder.problems
        guard let text, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.text = text
        self.labels = labels
        self.scores = scores
    }

    private static func labels(_ reader: inout ConfigurationReader) -> [String] {
        guard reader.isPresent("id2label") else {
            let count = reader.integer("num_labels", in: 1...100_000, orElse: 2)
            return (0..<count).map { "LABEL_\($0)" }
        }
        return reader.read("id2label", orElse: []) { cursor throws(JSONError) in
            var names: [Int: String] = [:]
            for (key, name) in try cursor.object() {
                guard let id = Int(key), id >= 0 else { throw cursor.unexpected("ids as keys") }
                names[id] = try JSONCursor(name, path: "id2label.\(key)").string()
            }
            let labels = (0..<names.count).compactMap { names[$0] }
            guard !labels.isEmpty, labels.count == names.count else {
                throw cursor.unexpected("a label for each id from 0 on")
            }
            return labels
        }
    }

    private static func scores(_ reader: inout ConfigurationReader, labels: Int) -> Scores {
        // Of cross-encoders sentence-transformers keeps what follows the logits, by the name of its class.
        let kept = reader.optionalObject("sentence_transformers") { $0.optionalString("activation_fn") } ?? nil
        let former =
            reader.isPresent("sbert_ce_default_activation_function")
            ? reader.string("sbert_ce_default_activation_function") : nil
        if labels == 1, let name = kept ?? former {
            switch name.split(separator: ".").last {
            case "Sigmoid": return .sigmoid
            case "Identity": return .identity
            default:
                reader.refuse("sentence_transformers.activation_fn", name, supported: ["Sigmoid", "Identity"])
                return .sigmoid
            }
        }
        if reader.isPresent("problem_type") {
            let known: [(String, Scores)] = [
                ("single_label_classification", .softmax), ("multi_label_classification", .sigmoid),
                ("regression", .identity),
            ]
            let name = reader.string("problem_type", oneOf: known.map(\.0))
            // A softmax of one label would always be 1.
            if let scores = known.first(where: { $0.0 == name })?.1, labels > 1 || scores != .softmax { return scores }
        }
        // As sentence-transformers' CrossEncoder and transformers' pipeline have it.
        return labels == 1 ? .sigmoid : .softmax
    }
}
