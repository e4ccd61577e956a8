/// Encodes texts line by line, which is what `sensorium tokenize` does and what
/// Tests/Fixtures/tokenizer/compare.py compares with the reference.
public struct TokenizeLines: Sendable {
    private let tokenizer: WordPieceTokenizer
    private let maxTokens: Int
    private let addSpecialTokens: Bool
    private let showsPieces: Bool

    /// Ids separated by blanks or, with `showsPieces`, pieces separated by tabs.
    public init(
        _ tokenizer: WordPieceTokenizer, maxTokens: Int = .max, addSpecialTokens: Bool = true, showsPieces: Bool = false
    ) {
        self.tokenizer = tokenizer
        self.maxTokens = maxTokens
        self.addSpecialTokens = addSpecialTokens
        self.showsPieces = showsPieces
    }

    /// The tokens of one line of input. A backslash begins an escape of JSON, so that a line can hold every character:
    /// `\n`, `\u0000`, `\\`. Nil where an escape is none of JSON or names half a surrogate pair.
    public func callAsFunction(_ line: String) -> String? {
        guard let text = Self.unescaped(line) else { return nil }
        let ids = tokenizer.encode(text, maxTokens: maxTokens, addSpecialTokens: addSpecialTokens).ids
        return showsPieces
            ? ids.map { tokenizer.piece(of: Int($0)) ?? "" }.joined(separator: "\t")
            : ids.map(String.init).joined(separator: " ")
    }
}
