import Tokenizer

/// The caption decoder's tokens: a choice of the tokenizer's word pieces, numbered anew.
struct CaptionVocabulary: Sendable {
    let beginToken: Int
    let endToken: Int
    /// The word piece of each token.
    let pieces: [String]
    /// What each token adds to a caption: " dog", or "s" for "##s", nothing for special tokens.
    private let texts: [String]
    /// Tokenizer ids of the tokens that a prompt may have.
    private let tokens: [Int32: Int32]
    private let tokenizer: Tokenizer
    /// The tokens "a" and "an"; nil where one of them cannot be written.
    private let articles: (a: Int32, an: Int32)?

    /// - Parameter vocabulary: for each token its id in `tokenizer`.
    init(_ vocabulary: [Int], beginToken: Int, endToken: Int, tokenizer: Tokenizer) throws(TaskError) {
        var pieces: [String] = []
        var texts: [String] = []
        var tokens: [Int32: Int32] = [:]
        for (token, id) in vocabulary.enumerated() {
            guard let piece = tokenizer.piece(of: id) else {
                throw .inconsistentModel("caption token \(token) is piece \(id), which tokenizer.json does not have")
            }
            let isSpecial = token == beginToken || token == endToken || tokenizer.decode([id]).isEmpty
            pieces.append(piece)
            if isSpecial {
                texts.append("")
            } else {
                texts.append(piece.hasPrefix("##") ? String(piece.dropFirst(2)) : " " + piece)
                tokens[Int32(id)] = Int32(token)
            }
        }
        self.pieces = pieces
        self.texts = texts
        self.tokens = tokens
        self.beginToken = beginToken
        self.endToken = endToken
        self.tokenizer = tokenizer
        let places = ["a", "an"].compactMap { pieces.firstIndex(of: $0) }.map(Int32.init)
        articles = places.count == 2 ? (places[0], places[1]) : nil
    }

    /// Whether a token is "a" or "an": which of them is known with the next one.
    func isArticle(_ token: Int32) -> Bool {
        articles.map { token == $0.a || token == $0.an } ?? false
    }

    /// The tokens with each article as the word behind it wants it: a name that was copied ("elephant") stands behind an article
    /// that was chosen before. The first `given` ones stay as they are.
    func agreeing(_ tokens: [Int32], given: Int) -> [Int32] {
        guard let articles else { return tokens }
        var tokens = tokens
        for place in tokens.indices.dropFirst(given).dropLast() where isArticle(tokens[place]) {
            let next = Int(tokens[place + 1])
            guard texts[next].hasPrefix(" "), let isAn = Article.isAn(before: texts[next].dropFirst()) else { continue }
            tokens[place] = isAn ? articles.an : articles.a
        }
        return tokens
    }

    /// What `token` adds to a caption of which `isFirst` says whether nothing stands before it.
    func text(of token: Int32, isFirst: Bool) -> String {
        let text = texts[Int(token)]
        return isFirst && text.hasPrefix(" ") ? String(text.dropFirst()) : text
    }

    /// The pieces joined by blanks, "##" glued.
    func text(of tokens: [Int32]) -> String {
        var text = ""
        for token in tokens { text += self.text(of: token, isFirst: text.isEmpty) }
        return text
    }

    /// The tokens that a caption is forced to begin with, at most `limit`; none for a prompt without words.
    func tokens(ofPrompt prompt: String, limit: Int) throws(TaskError) -> [Int32] {
        let ids = ids(of: prompt)
        guard ids.count <= limit else { throw .promptTooLong(tokens: ids.count, limit: limit) }
        if let tokens = captionTokens(ids) { return tokens }
        // Word pieces never reach over blanks, so that one of the words cannot be written.
        let words = prompt.split(whereSeparator: \.isWhitespace)
        let unknown = words.first { captionTokens(self.ids(of: String($0))) == nil } ?? prompt[...]
        throw .unknownPromptWord(unknown.count > 40 ? unknown.prefix(40) + "…" : String(unknown))
    }

    /// The tokens of the name of a thing, at most `limit`.
    func tokens(ofName name: String, limit: Int) throws(TaskError) -> [Int32] {
        guard let tokens = captionTokens(ids(of: name)), (1...max(limit, 1)).contains(tokens.count) else {
            throw .inconsistentModel(
                "the caption head cannot say the name \"\(name)\": its vocabulary lacks a piece of it, or it has more "
                    + "than \(limit) pieces")
        }
        return tokens
    }

    private func ids(of text: String) -> [Int32] {
        tokenizer.encode(text, maxTokens: .max, addSpecialTokens: false).ids
    }

    private func captionTokens(_ ids: [Int32]) -> [Int32]? {
        let found = ids.compactMap { tokens[$0] }
        return found.count == ids.count ? found : nil
    }
}
