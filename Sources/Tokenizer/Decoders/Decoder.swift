/// The last stage of a tokenizer.json: makes text of tokens (tokenizers, `decoders/`). Tokens are bytes of UTF-8; their
/// decoded forms are put together without blanks.
enum Decoder: Sendable {
    /// A blank before every token that does not begin with the prefix.
    case wordPiece(prefix: [UInt8], cleansUp: Bool)
    /// The bytes that the characters of ``ByteAlphabet`` stand for.
    case byteLevel
    /// A blank in place of the suffix.
    case bytePair(suffix: [UInt8])
    case metaspace(replacement: UInt32, dropsFirst: Bool)
    /// The bytes that runs of tokens such as `<0xE2>` stand for.
    case byteFallback
    /// Makes one token of all.
    case fuse
    /// Takes so many of a character off both ends of every token.
    case strip(content: UInt32, start: Int, stop: Int)
    case replace(Replacement)
    /// Equal neighbours once, padding not at all, blanks for the delimiter (Graves 2006).
    case ctc(padding: [UInt8], delimiter: [UInt8], cleansUp: Bool)

    /// The decoded tokens.
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        switch self {
        case .wordPiece(let prefix, let cleansUp):
            return tokens.enumerated().map { place, token in
                var token = token
                if place > 0 {
                    token = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [0x20] + token
                }
                return cleansUp ? Cleanup.apply(token) : token
            }
        case .byteLevel:
            return [Self.valid(tokens.flatMap { Self.bytes(of: $0) ?? $0 })]
        case .bytePair(let suffix):
            return tokens.enumerated().map { place, token in
                Replacement(target: .literal(suffix), content: place == tokens.count - 1 ? [] : [0x20]).apply(token)
            }
        case .metaspace(let mark, let dropsFirst):
            var bytes: [UInt8] = []
            ScalarReader.append(mark, to: &bytes)
            return tokens.enumerated().map { place, token in
                Replacement(target: .literal(bytes), content: place == 0 && dropsFirst ? [] : [0x20]).apply(token)
            }
        case .byteFallback: return Self.joinedBytes(tokens)
        case .fuse: return [Array(tokens.joined())]
        case .strip(let content, let start, let stop):
            var mark: [UInt8] = []
            ScalarReader.append(content, to: &mark)
            return tokens.map { token in
                var token = token[...]
                var (first, last) = (start, stop)
                while first > 0, token.starts(with: mark) { (token, first) = (token.dropFirst(mark.count), first - 1) }
                while last > 0, token.suffix(mark.count) == mark[...] {
                    (token, last) = (token.dropLast(mark.count), last - 1)
                }
                return Array(token)
            }
        case .replace(let replacement): return tokens.map(replacement.apply)
        case .ctc(let padding, let delimiter, let cleansUp):
            var output: [[UInt8]] = []
            for (place, token) in tokens.enumerated() where place == 0 || tokens[place - 1] != token {
                var token = Self.replace(padding, by: [], in: token)
                if cleansUp { token = Self.replace(delimiter, by: [0x20], in: Cleanup.apply(token)) }
                if !token.isEmpty { output.append(token) }
            }
            return output
        }
    }

    private static func replace(_ wanted: [UInt8], by content: [UInt8], in text: [UInt8]) -> [UInt8] {
        wanted.isEmpty ? text : Replacement(target: .literal(wanted), content: content).apply(text)
    }

    /// The bytes that a token is spelled with, nil where a character of it stands for none.
    private static func bytes(of token: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(token.count)
        var position = 0
        while position < token.count {
            guard let byte = ByteAlphabet.byte(ScalarReader.next(token, &position)) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func joinedBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var output: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            if run.isEmpty { return }
            if String(validating: run, as: UTF8.self) != nil {
                output.append(run)
            } else {
                output += repeatElement(Array("\u{FFFD}".utf8), count: run.count)
            }
            run.removeAll()
        }
        for token in tokens {
            if token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">"),
                let byte = UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
            {
                run.append(byte)
            } else {
                flush()
                output.append(token)
            }
        }
        flush()
        return output
    }

    /// UTF-8, in which what was no UTF-8 is U+FFFD.
    private static func valid(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8)
    }
}

/// Takes blanks away that a tokenizer of words puts before punctuation (tokenizers, `decoders/wordpiece.rs`).
enum Cleanup {
    private static let rules: [Replacement] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { Replacement(target: .literal(Array($0.0.utf8)), content: Array($0.1.utf8)) }

    static func apply(_ text: [UInt8]) -> [UInt8] {
        text.contains(0x20) ? rules.reduce(text) { $1.apply($0) } : text
    }
}
