import JSON
import Mutation
import Testing

@testable import Tokenizer

@Suite struct TokenizerFuzzTests {
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\u", "null", "true", "false", "0", "-1", "99999999", "\"id\":", "\"##\"",
        "\"[UNK]\":", "\"\"", "\u{0}", "é", "e\u{301}", "1048576", "\"single\":",
    ]

    @Test func `a spoiled tokenizer.json is refused or gives ids that it names`() throws {
        var random = Mutation(seed: 2)
        var json = JSONWriter()
        try json.value(
            .object(
                SmallTokenizer.description().replacing([
                    "added_tokens": .array([
                        SmallTokenizer.addedToken("Mask", id: 28), SmallTokenizer.addedToken("[SEP]", id: 2),
                    ])
                ])))
        for _ in 0..<Mutation.iterations(default: 20_000) {
            let bytes = random.spoiled(json.bytes, tokens: Self.tokens)
            guard let value = try? JSONValue(parsing: bytes),
                let tokenizer = try? WordPieceTokenizer(parsing: value, path: "t")
            else { continue }
            expectSound(tokenizer.encode(" xMask [CLS]É ab\u{301}1 <[SEP]日", maxTokens: 12), of: tokenizer, 12)
        }
    }

    @Test func `any text becomes ids of the vocabulary, and cutting only cuts`() throws {
        var random = Mutation(seed: 3)
        let tokenizer = try RealTokenizer.load()
        let corpus = [
            "A man, a plan: snowboarding dogs!", "na\u{308}ive \u{1D15E}\u{302E}\u{1D165} 한국어", "👩‍👩‍👧 🇩🇪 [SEP][MASK]",
            "東京tokyo\r\n\u{85}",
        ]
        let parts = [
            "[CLS]", "##", " ", "\u{0}", "\u{200D}", "\u{301}", "\u{345}\u{334}", "é", "漢", "\u{E000}", "[", "İ",
        ]
        for _ in 0..<Mutation.iterations(default: 40_000) {
            let bytes = random.spoiled(corpus[random.below(corpus.count)], tokens: parts)
            let text = String(decoding: bytes, as: UTF8.self)
            let whole = tokenizer.encode(text, maxTokens: .max)
            expectSound(whole, of: tokenizer, .max)
            let limit = 2 + random.below(12)
            let cut = tokenizer.encode(text, maxTokens: limit)
            expectSound(cut, of: tokenizer, limit)
            #expect(cut.ids.dropLast() == whole.ids.dropLast().prefix(limit - 1))
            #expect(cut.truncated == (whole.ids.count > limit) && cut.totalTokens == whole.ids.count)
            // What was removed or turned into blanks has no say in the ids.
            #expect(tokenizer.encode(" \(text)\u{200B}\n", maxTokens: .max) == whole)
        }
    }

    private func expectSound(_ encoding: WordPieceTokenizer.Encoding, of tokenizer: WordPieceTokenizer, _ limit: Int) {
        #expect(encoding.ids.count <= limit)
        #expect(encoding.totalTokens >= encoding.ids.count)
        #expect(encoding.ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
    }
}
