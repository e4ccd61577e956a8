/// The second stage of a tokenizer.json: cuts a text into the pieces that the model sees (tokenizers,
/// `pre_tokenizers/`).
enum PreTokenizer: Sendable {
    case bert
    /// Words and what is between them, without white space: `\w+|[^\w\s]+`.
    case whitespace
    case whitespaceSplit
    /// Cuts at one scalar and removes it.
    case delimiter(UInt32)
    /// Spells bytes as ``ByteAlphabet`` has them, of the pieces of GPT-2's pattern where there is one.
    case byteLevel(addsPrefixSpace: Bool, pattern: Pattern?)
    case split(SearchTarget, SplitBehavior, inverted: Bool)
    case digits(individually: Bool)
    case punctuation(SplitBehavior)
    case metaspace(Metaspace)
    /// Cuts into pieces of so many scalars.
    case fixedLength(Int)

    /// GPT-2's pattern, which `ByteLevel` brings along.
    static let byteLevelPattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    func apply(to pieces: inout Pieces) {
        switch self {
        case .bert:
            let text = pieces.text
            pieces.split(.isolated) { range, onPart in BertPreTokenizer.split(text, range) { onPart($0, false) } }
        case .whitespace: Self.splitWords(&pieces)
        case .whitespaceSplit: pieces.split(.removed, where: UnicodeProperties.isBlank)
        case .delimiter(let delimiter): pieces.split(.removed) { $0 == delimiter }
        case .byteLevel(let addsPrefixSpace, let pattern):
            if addsPrefixSpace {
                pieces.rewrite { piece, _, output in
                    if piece.first != UInt8(ascii: " ") { output.append(UInt8(ascii: " ")) }
                    output += piece
                }
            }
            if let pattern {
                let text = pieces.text
                pieces.split(.isolated) { range, onPart in pattern.split(text, range, onPart: onPart) }
            }
            pieces.rewrite { piece, _, output in ByteAlphabet.spell(piece, into: &output) }
        case .split(let target, let behavior, let isInverted):
            let text = pieces.text
            pieces.split(behavior) { range, onPart in
                target.split(text, range) { onPart($0, $1 != isInverted) }
            }
        case .digits(let individually):
            pieces.split(individually ? .isolated : .contiguous) {
                ScalarClasses.shared.bits(of: $0) & ScalarClasses.numeric != 0
            }
        case .punctuation(let behavior):
            pieces.split(behavior) { UnicodeProperties.contains(UnicodeTables.punctuation, $0) }
        case .metaspace(let metaspace): metaspace.apply(to: &pieces)
        case .fixedLength(let length):
            let text = pieces.text
            pieces.split(.isolated) { range, onPart in
                var (begin, position, count) = (range.lowerBound, range.lowerBound, 0)
                while position < range.upperBound {
                    _ = ScalarReader.next(text, &position)
                    count += 1
                    if count == length || position == range.upperBound {
                        onPart(begin..<position, false)
                        (begin, count) = (position, 0)
                    }
                }
            }
        }
    }

    private static func splitWords(_ pieces: inout Pieces) {
        enum Kind { case word, blank, other }
        let text = pieces.text
        pieces.split(.removed) { range, onPart in
            var (begin, position) = (range.lowerBound, range.lowerBound)
            var last: Kind?
            while position < range.upperBound {
                let start = position
                let scalar = ScalarReader.next(text, &position)
                let kind: Kind =
                    Unicode.Scalar(scalar).map(UnicodeProperties.isWord) == true
                    ? .word : UnicodeProperties.isBlank(scalar) ? .blank : .other
                if let last, last != kind {
                    onPart(begin..<start, last == .blank)
                    begin = start
                }
                last = kind
            }
            if let last { onPart(begin..<position, last == .blank) }
        }
    }
}

/// SentencePiece's way of keeping blanks: each becomes a character, and pieces begin at it (tokenizers,
/// `pre_tokenizers/metaspace.rs`).
struct Metaspace: Sendable {
    /// The character, mostly U+2581.
    let replacement: UInt32
    /// When one is put before a piece that does not begin with it.
    let prepending: Prepending
    /// Whether pieces are cut before every one.
    let splits: Bool

    enum Prepending: String, Sendable, CaseIterable {
        case always, first, never
    }

    init(replacement: UInt32 = 0x2581, prepending: Prepending, splits: Bool = true) {
        self.replacement = replacement
        self.prepending = prepending
        self.splits = splits
    }

    func apply(to pieces: inout Pieces) {
        var mark: [UInt8] = []
        ScalarReader.append(replacement, to: &mark)
        pieces.rewrite { piece, beginsText, output in
            let begin = output.count
            for byte in piece {
                if byte == UInt8(ascii: " ") { output += mark } else { output.append(byte) }
            }
            let isWanted = prepending == .always || prepending == .first && beginsText
            if isWanted, !output[begin...].starts(with: mark) { output.insert(contentsOf: mark, at: begin) }
        }
        if splits { pieces.split(.mergedWithNext) { $0 == replacement } }
    }
}
