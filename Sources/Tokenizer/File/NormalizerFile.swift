extension Normalizer {
    /// Reads a normalizer; a sequence becomes several.
    static func read(_ entry: FileEntry, depth: Int = 0) throws -> [Normalizer] {
        switch try entry.string("type") {
        case "Sequence":
            if depth == 8 { throw entry.unsupported("sequences within sequences up to 8") }
            return try entry.member("normalizers").elements().flatMap { try read($0, depth: depth + 1) }
        case "BertNormalizer", "Bert": return [.bert(try BertNormalizer(entry))]
        case "NFC": return [.form(.nfc)]
        case "NFD": return [.form(.nfd)]
        case "NFKC": return [.form(.nfkc)]
        case "NFKD": return [.form(.nfkd)]
        case "Lowercase": return [.lowercase]
        case "StripAccents": return [.stripAccents]
        case "Strip":
            return [.strip(left: try entry.boolean("strip_left"), right: try entry.boolean("strip_right"))]
        case "Replace":
            return [
                .replace(
                    Replacement(target: try entry.searchTarget(), content: Array(try entry.string("content").utf8)))
            ]
        case "Prepend": return [.prepend(Array(try entry.string("prepend").utf8))]
        case "Precompiled":
            let map = try entry.member("precompiled_charsmap")
            let text = try map.cursor.string()
            // A map that is empty maps nothing.
            if text.isEmpty { return [] }
            guard let charsmap = Base64.decode(text).flatMap(Charsmap.init) else {
                throw map.unsupported("a charsmap of SentencePiece in base64")
            }
            return [.precompiled(charsmap)]
        case "Nmt": return [.nmt]
        case "ByteLevel": return [.byteLevel]
        default:
            throw try entry.member("type").unsupported(
                "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Prepend, Precompiled, Nmt, "
                    + "ByteLevel, Sequence")
        }
    }
}

extension BertNormalizer {
    init(_ entry: FileEntry) throws {
        let lowercases = try entry.boolean("lowercase")
        self.init(
            cleansText: try entry.boolean("clean_text"),
            separatesIdeographs: try entry.boolean("handle_chinese_chars"),
            // null, and only null or absence, follows `lowercase`.
            stripsAccents: try entry.boolean("strip_accents", otherwise: lowercases), lowercases: lowercases)
    }
}
