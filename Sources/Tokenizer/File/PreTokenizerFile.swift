import JSON

extension PreTokenizer {
    /// Reads a pre-tokenizer; a sequence becomes several.
    static func read(_ entry: FileEntry, depth: Int = 0) throws -> [PreTokenizer] {
        switch try entry.string("type") {
        case "Sequence":
            if depth == 8 { throw entry.unsupported("sequences within sequences up to 8") }
            return try entry.member("pretokenizers").elements().flatMap { try read($0, depth: depth + 1) }
        case "BertPreTokenizer": return [.bert]
        case "Whitespace": return [.whitespace]
        case "WhitespaceSplit": return [.whitespaceSplit]
        case "CharDelimiterSplit", "Delimiter": return [.delimiter(try entry.scalar("delimiter"))]
        case "ByteLevel":
            return [
                try byteLevel(
                    addsPrefixSpace: entry.boolean("add_prefix_space"),
                    usesPattern: entry.boolean("use_regex", otherwise: true))
            ]
        case "Split":
            return [
                .split(
                    try entry.searchTarget(), try entry.choice("behavior"),
                    inverted: try entry.boolean("invert", otherwise: false))
            ]
        case "Digits": return [.digits(individually: try entry.boolean("individual_digits"))]
        case "Punctuation": return [.punctuation(try entry.choice("behavior", otherwise: .isolated))]
        case "Metaspace": return [.metaspace(try Metaspace(entry))]
        case "FixedLength": return [.fixedLength(try entry.optional("length")?.cursor.integer(in: 1...1_000_000) ?? 5)]
        default:
            throw try entry.member("type").unsupported(
                "BertPreTokenizer, Whitespace, WhitespaceSplit, CharDelimiterSplit, ByteLevel, Split, Digits, Punctuation, "
                    + "Metaspace, FixedLength, Sequence")
        }
    }

    /// `ByteLevel` with or without GPT-2's pattern.
    static func byteLevel(addsPrefixSpace: Bool, usesPattern: Bool) throws(PatternRefusal) -> PreTokenizer {
        .byteLevel(addsPrefixSpace: addsPrefixSpace, pattern: usesPattern ? try Pattern(byteLevelPattern) : nil)
    }
}

extension Metaspace {
    /// Files older than tokenizers 0.15 have `add_prefix_space` in place of `prepend_scheme`.
    init(_ entry: FileEntry) throws {
        var prepending: Prepending = try entry.choice("prepend_scheme", otherwise: .always)
        if try !entry.boolean("add_prefix_space", otherwise: true) {
            if let scheme = try entry.optional("prepend_scheme"), prepending != .never {
                throw scheme.unsupported("\"never\", as \"add_prefix_space\" is false")
            }
            prepending = .never
        }
        self.init(
            replacement: try entry.scalar("replacement"), prepending: prepending,
            splits: try entry.boolean("split", otherwise: true))
    }
}
