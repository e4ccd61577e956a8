import JSON

extension PostProcessor {
    /// Reads a post-processor; `vocabularySize` bounds the ids.
    static func read(_ entry: FileEntry, vocabularySize: Int, depth: Int = 0) throws -> PostProcessor {
        let ids = 0...max(0, vocabularySize - 1)
        switch try entry.string("type") {
        case "ByteLevel": return .none
        case "BertProcessing":
            return .bert(classID: try token(entry, "cls", ids), separatorID: try token(entry, "sep", ids))
        case "RobertaProcessing":
            return .roberta(classID: try token(entry, "cls", ids), separatorID: try token(entry, "sep", ids))
        case "TemplateProcessing":
            let specials = try entry.member("special_tokens")
            return PostProcessor(
                single: try template(entry.member("single"), specials, isPair: false, ids),
                pair: try template(entry.member("pair"), specials, isPair: true, ids))
        case "Sequence":
            if depth == 8 { throw entry.unsupported("sequences within sequences up to 8") }
            let processors = try entry.member("processors").elements().map {
                try read($0, vocabularySize: vocabularySize, depth: depth + 1)
            }.filter { $0 != .none }
            if processors.count > 1 { throw entry.unsupported("a sequence in which one step puts special tokens") }
            return processors.first ?? .none
        default:
            throw try entry.member("type").unsupported(
                "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence")
        }
    }

    /// The id of a token that is written as its text and its id.
    private static func token(_ entry: FileEntry, _ key: String, _ ids: ClosedRange<Int>) throws -> Int32 {
        let pair = try entry.member(key).elements()
        guard pair.count == 2 else { throw try entry.member(key).cursor.unexpected("a token and its id") }
        return Int32(try pair[1].cursor.integer(in: ids))
    }

    private static func template(
        _ entry: FileEntry, _ specials: FileEntry, isPair: Bool, _ ids: ClosedRange<Int>
    ) throws -> Template {
        var parts: [Template.Part] = []
        for piece in try entry.elements() {
            if let sequence = try piece.optional("Sequence") {
                let name = try sequence.string("id")
                guard name == "A" || isPair && name == "B" else {
                    throw try sequence.member("id").unsupported(isPair ? "\"A\", \"B\"" : "one \"A\"")
                }
                parts.append(.text(isSecond: name == "B", typeID: try typeID(sequence)))
            } else {
                let special = try piece.member("SpecialToken")
                let tokens = try specials.member(try special.string("id")).member("ids").cursor.integers(in: ids)
                parts.append(.special(tokens.map(Int32.init), typeID: try typeID(special)))
            }
        }
        for isSecond in isPair ? [false, true] : [false] {
            let count = parts.count { if case .text(isSecond, _) = $0 { true } else { false } }
            // A pair's template that lacks a text is one that nobody has filled in.
            if count > 1 || count == 0 && !isPair {
                throw entry.unsupported("a template with the text \"\(isSecond ? "B" : "A")\" once")
            }
        }
        return Template(parts: parts)
    }

    private static func typeID(_ entry: FileEntry) throws -> Int32 {
        Int32(try entry.optional("type_id")?.cursor.integer(in: 0...1_000_000) ?? 0)
    }
}

extension Truncation {
    init(_ entry: FileEntry) throws {
        enum Direction: String, CaseIterable { case left = "Left", right = "Right" }
        maxTokens = try entry.integer("max_length", in: 0...Int(Int32.max))
        cutsLeft = try entry.choice("direction", otherwise: Direction.right) == .left
        strategy = try entry.choice("strategy", otherwise: .longestFirst)
    }
}
