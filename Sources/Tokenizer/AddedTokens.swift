/// A token that is found in the text before the model sees it (tokenizers, `tokenizer/added_vocabulary.rs`).
struct AddedToken: Sendable, Equatable {
    let id: Int32
    let content: String
    /// Counts only where no letter or digit touches it.
    let singleWord: Bool
    /// Takes the white space on its left along.
    let stripsLeft: Bool
    /// Takes the white space on its right along.
    let stripsRight: Bool
    /// Is looked for in the normalized text, in its own normalized form.
    let normalized: Bool
    /// Is left out when ids are decoded.
    let special: Bool
}

/// Finds added tokens in a text, leftmost first and of those at one place the longest.
struct AddedTokenMatcher: Sendable {
    private let tokens: [AddedToken]
    private let trie: PieceTrie
    /// Whether a byte begins a token.
    private var begins = [Bool](repeating: false, count: 256)

    /// Looks for each token as it is written beside it, which is not empty and not twice the same.
    init(_ tokens: [(bytes: [UInt8], token: AddedToken)] = []) {
        self.tokens = tokens.map(\.token)
        trie = PieceTrie(tokens.enumerated().map { ($1.bytes, Int32($0)) })
        for token in tokens { begins[Int(token.bytes[0])] = true }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { tokens.isEmpty }

    /// Calls `onText` with each range between tokens and `onToken` with each token, from left to right.
    func split(_ text: [UInt8], onText: (Range<Int>) -> Void, onToken: (AddedToken) -> Void) {
        var done = 0
        var position = 0
        while !isEmpty, position < text.count {
            guard begins[Int(text[position])], let (token, matchEnd) = match(text, at: position) else {
                position += 1
                continue
            }
            var begin = position
            var end = matchEnd
            position = end
            if token.singleWord, touchesWord(text, begin, end) { continue }
            if token.stripsLeft {
                while begin > done {
                    let (scalar, start) = ScalarReader.previous(text, before: begin)
                    if !UnicodeProperties.isBlank(scalar) { break }
                    begin = start
                }
                begin = max(begin, done)
            }
            if token.stripsRight {
                while end < text.count {
                    var behind = end
                    if !UnicodeProperties.isBlank(ScalarReader.next(text, &behind)) { break }
                    end = behind
                }
            }
            if done < begin { onText(done..<begin) }
            onToken(token)
            done = end
        }
        if done < text.count { onText(done..<text.count) }
    }

    private func match(_ text: [UInt8], at position: Int) -> (AddedToken, end: Int)? {
        var found: (AddedToken, end: Int)?
        trie.forEachMatch(in: text, from: position, to: text.count) { found = (tokens[Int($1)], $0) }
        return found
    }

    private func touchesWord(_ text: [UInt8], _ begin: Int, _ end: Int) -> Bool {
        var behind = end
        return begin > 0 && isWord(ScalarReader.previous(text, before: begin).scalar)
            || end < text.count && isWord(ScalarReader.next(text, &behind))
    }

    private func isWord(_ scalar: UInt32) -> Bool {
        Unicode.Scalar(scalar).map(UnicodeProperties.isWord) ?? false
    }
}
