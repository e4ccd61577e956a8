import Tokenizer

/// The words of a segment, put together of its tokens as transformers does it (`_combine_tokens_into_words`).
struct WhisperWords {
    /// A word and its tokens among those of the text.
    struct Word: Equatable {
        var text: String
        var tokens: [Int]
    }

    let words: [Word]

    /// - Parameters:
    ///   - tokens: of text alone.
    ///   - end: the first id that is no text.
    ///   - language: its code; some are written without blanks.
    init(_ tokens: [Int], end: Int, language: String?, _ tokenizer: Tokenizer) {
        let pieces = Self.pieces(tokens, tokenizer)
        let joinsByBlanks = !["zh", "ja", "th", "lo", "my", "yue"].contains(language ?? "en")
        words = Self.withPunctuation(joinsByBlanks ? Self.joined(pieces, tokens, end: end) : pieces)
    }

    /// The shortest runs of tokens that are whole characters.
    private static func pieces(_ tokens: [Int], _ tokenizer: Tokenizer) -> [Word] {
        let whole = Array(tokenizer.decode(tokens).unicodeScalars)
        var pieces: [Word] = []
        var current: [Int] = []
        var offset = 0
        for index in tokens.indices {
            current.append(index)
            let text = tokenizer.decode(current.map { tokens[$0] })
            let scalars = Array(text.unicodeScalars)
            let place = scalars.firstIndex(of: "\u{FFFD}").map { offset + $0 }
            // A replacement character that the text itself has stays.
            guard place.map({ $0 >= whole.count || whole[$0] == "\u{FFFD}" }) ?? true else { continue }
            pieces.append(Word(text: text, tokens: current))
            current = []
            offset += scalars.count
        }
        return pieces
    }

    /// Pieces that begin with a blank begin a word, and so does punctuation.
    private static func joined(_ pieces: [Word], _ tokens: [Int], end: Int) -> [Word] {
        var words: [Word] = []
        for piece in pieces {
            let isSpecial = tokens[piece.tokens[0]] >= end
            let isPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".holds(piece.text.trimmed)
            if isSpecial || piece.text.hasPrefix(" ") || isPunctuation || words.isEmpty {
                words.append(piece)
            } else {
                words[words.count - 1].text += piece.text
                words[words.count - 1].tokens += piece.tokens
            }
        }
        return words
    }

    /// Opening marks go with the next word, closing ones with the one before.
    private static func withPunctuation(_ pieces: [Word]) -> [Word] {
        var words = pieces
        var next = words.count - 1
        for index in words.indices.dropLast().reversed() {
            if words[index].text.hasPrefix(" "), "\"'“¡¿([{-".holds(words[index].text.trimmed) {
                words[next].text = words[index].text + words[next].text
                words[next].tokens = words[index].tokens + words[next].tokens
                words[index] = Word(text: "", tokens: [])
            } else {
                next = index
            }
        }
        var last = 0
        for index in words.indices.dropFirst() {
            if !words[last].text.hasSuffix(" "), "\"'.。,，!！?？:：”)]}、".holds(words[index].text) {
                words[last].text += words[index].text
                words[last].tokens += words[index].tokens
                words[index] = Word(text: "", tokens: [])
            } else {
                last = index
            }
        }
        return words.filter { !$0.text.isEmpty }
    }
}

extension String {
    /// Whether `part` is a run of its characters; nothing is in everything.
    fileprivate func holds(_ part: String) -> Bool {
        let (whole, part) = (Array(unicodeScalars), Array(part.unicodeScalars))
        guard part.count <= whole.count else { return false }
        return (0...whole.count - part.count).contains { whole[$0..<$0 + part.count].elementsEqual(part) }
    }
}
