/// Encodes texts, or decodes ids, line by line, which is what `sensorium tokenize` does and what
/// Tests/Fixtures/tokenizer/compare.py compares with the reference.
public struct TokenizeLines: Sendable {
    /// What a line of input becomes.
    public enum Output: Sendable {
        /// Ids, separated by blanks.
        case ids
        /// Pieces, separated by tabs.
        case pieces
        /// The text of ids that the line holds, with escapes of JSON for control characters and backslashes.
        case text
    }

    private let tokenizer: Tokenizer
    private let maxTokens: Int
    private let addSpecialTokens: Bool
    private let output: Output
    private let takesPairs: Bool

    /// - Parameter takesPairs: whether a line with a tab is a pair of texts.
    public init(
        _ tokenizer: Tokenizer, maxTokens: Int = .max, addSpecialTokens: Bool = true, output: Output = .ids,
        takesPairs: Bool = false
    ) {
        self.tokenizer = tokenizer
        self.maxTokens = maxTokens
        self.addSpecialTokens = addSpecialTokens
        self.output = output
        self.takesPairs = takesPairs
    }

    /// The tokens of one line of input. A backslash begins an escape of JSON, so that a line can hold every character:
    /// `\n`, `\u0000`, `\\`. Nil where an escape is none of JSON or names half a surrogate pair, and where a line of ids
    /// has something else.
    public func callAsFunction(_ line: String) -> String? {
        switch output {
        case .text: return decoded(line)
        case .ids: return ids(line)?.map(String.init).joined(separator: " ")
        case .pieces: return ids(line)?.map { tokenizer.piece(of: Int($0)) ?? "" }.joined(separator: "\t")
        }
    }

    private func ids(_ line: String) -> [Int32]? {
        let parts =
            takesPairs ? line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false) : [line[...]]
        let texts = parts.compactMap { Self.unescaped(String($0)) }
        if texts.count != parts.count { return nil }
        return texts.count == 1
            ? tokenizer.encode(texts[0], maxTokens: maxTokens, addSpecialTokens: addSpecialTokens).ids
            : tokenizer.encode(
                texts[0], pair: texts[1], maxTokens: maxTokens, addSpecialTokens: addSpecialTokens
            ).ids
    }

    /// With special tokens where those that the tokenizer adds itself are not wanted.
    private func decoded(_ line: String) -> String? {
        let words = line.split(separator: " ")
        let ids = words.compactMap { Int($0) }
        return ids.count == words.count ? Self.escaped(tokenizer.decode(ids, skipsSpecial: addSpecialTokens)) : nil
    }
}
