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
    private struct Pattern: Sendable {
        let bytes: [UInt8]
        let token: AddedToken
    }

    /// Patterns by their first byte, the longest first.
    private var patterns: [[Pattern]] = Array(repeating: [], count: 256)
    /// Whether there is nothing to look for.
    private(set) var isEmpty = true

    /// Adds a token that is written as `bytes`, which are not empty. False where the same bytes are there already.
    mutating func insert(_ bytes: [UInt8], _ token: AddedToken) -> Bool {
        let first = Int(bytes[0])
        if patterns[first].contains(where: { $0.bytes == bytes }) { return false }
        let place = patterns[first].firstIndex { $0.bytes.count < bytes.count } ?? patterns[first].endIndex
        patterns[first].insert(Pattern(bytes: bytes, token: token), at: place)
        isEmpty = false
        return true
    }

    /// Calls `onText` with each range between tokens and `onToken` with each token, from left to right.
    func split(_ text: [UInt8], onText: (Range<Int>) -> Void, onToken: (AddedToken) -> Void) {
        var done = 0
        var position = 0
        while position < text.count {
            guard let pattern = match(text, at: position) else {
                position += 1
                continue
            }
            let token = pattern.token
            var begin = position
            var end = position + pattern.bytes.count
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

    private func match(_ text: [UInt8], at position: Int) -> Pattern? {
        patterns[Int(text[position])].first { pattern in
            pattern.bytes.count <= text.count - position
                && pattern.bytes.indices.allSatisfy { pattern.bytes[$0] == text[position + $0] }
        }
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
