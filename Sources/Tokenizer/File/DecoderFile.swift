extension Decoder {
    /// Reads a decoder; a sequence becomes several.
    static func read(_ entry: FileEntry, depth: Int = 0) throws -> [Decoder] {
        switch try entry.string("type") {
        case "Sequence":
            if depth == 8 { throw entry.unsupported("sequences within sequences up to 8") }
            return try entry.member("decoders").elements().flatMap { try read($0, depth: depth + 1) }
        case "WordPiece":
            return [
                .wordPiece(
                    prefix: Array(try entry.string("prefix").utf8),
                    cleansUp: try entry.boolean("cleanup", otherwise: true))
            ]
        case "ByteLevel": return [.byteLevel]
        case "BPEDecoder":
            let suffix = try entry.member("suffix")
            let bytes = Array(try suffix.cursor.string().utf8)
            if bytes.isEmpty { throw suffix.unsupported("a text that is not empty") }
            return [.bytePair(suffix: bytes)]
        case "Metaspace":
            let metaspace = try Metaspace(entry)
            return [.metaspace(replacement: metaspace.replacement, dropsFirst: metaspace.prepending != .never)]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Strip":
            return [
                .strip(
                    content: try entry.scalar("content"), start: try entry.integer("start", in: 0...1_000_000),
                    stop: try entry.integer("stop", in: 0...1_000_000))
            ]
        case "Replace":
            return [
                .replace(
                    Replacement(target: try entry.searchTarget(), content: Array(try entry.string("content").utf8)))
            ]
        case "CTC":
            return [
                .ctc(
                    padding: Array(try entry.string("pad_token").utf8),
                    delimiter: Array(try entry.string("word_delimiter_token").utf8),
                    cleansUp: try entry.boolean("cleanup", otherwise: true))
            ]
        default:
            throw try entry.member("type").unsupported(
                "WordPiece, ByteLevel, BPEDecoder, Metaspace, ByteFallback, Fuse, Strip, Replace, CTC, Sequence")
        }
    }
}
