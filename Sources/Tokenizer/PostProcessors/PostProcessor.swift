/// The fourth stage of a tokenizer.json: puts special tokens around texts and numbers their parts (tokenizers,
/// `processors/`). Every kind of it comes down to two templates.
struct PostProcessor: Sendable, Equatable {
    /// For one text, and for a pair of them.
    var single: Template
    var pair: Template

    /// What stands where.
    struct Template: Sendable, Equatable {
        enum Part: Sendable, Equatable {
            /// The first text, or the second.
            case text(isSecond: Bool, typeID: Int32)
            case special([Int32], typeID: Int32)
        }

        var parts: [Part]
        /// What the texts have for type ids where no special tokens are wanted; nil for those of `parts`.
        var bareTypeIDs: [Int32]?

        /// How many special tokens it puts.
        var specialCount: Int {
            parts.reduce(0) { sum, part in
                if case .special(let ids, _) = part { sum + ids.count } else { sum }
            }
        }
    }

    /// Nothing around the texts.
    static let none = PostProcessor(
        single: Template(parts: [.text(isSecond: false, typeID: 0)]),
        pair: Template(parts: [.text(isSecond: false, typeID: 0), .text(isSecond: true, typeID: 1)]))

    /// BERT's `[CLS] A [SEP] B [SEP]`.
    static func bert(classID: Int32, separatorID: Int32) -> PostProcessor {
        let single: [Template.Part] = [
            .special([classID], typeID: 0), .text(isSecond: false, typeID: 0), .special([separatorID], typeID: 0),
        ]
        return PostProcessor(
            single: Template(parts: single),
            pair: Template(parts: single + [.text(isSecond: true, typeID: 1), .special([separatorID], typeID: 1)]))
    }

    /// RoBERTa's `<s> A </s></s> B </s>`, of one type.
    static func roberta(classID: Int32, separatorID: Int32) -> PostProcessor {
        let single: [Template.Part] = [
            .special([classID], typeID: 0), .text(isSecond: false, typeID: 0), .special([separatorID], typeID: 0),
        ]
        return PostProcessor(
            single: Template(parts: single),
            pair: Template(
                parts: single + [
                    .special([separatorID], typeID: 0), .text(isSecond: true, typeID: 0),
                    .special([separatorID], typeID: 0),
                ], bareTypeIDs: [0, 0]))
    }
}
