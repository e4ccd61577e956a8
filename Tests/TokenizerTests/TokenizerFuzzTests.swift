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
                let tokenizer = try? Tokenizer(parsing: value, path: "t")
            else { continue }
            expectSound(tokenizer.encode(" xMask [CLS]É ab\u{301}1 <[SEP]日", maxTokens: 12), of: tokenizer, 12)
        }
    }

    @Test(arguments: ["llama2", "t5", "clip", "gpt2", "albert", "suffixed", "wordlevel", "xlmr"])
    func `a spoiled file of any kind is refused or gives ids that it names, and text`(kind: String) throws {
        var random = Mutation(seed: 5)
        let file = try RealTokenizer.fixture("stages/\(kind).json")
        let text = " Mask <s>a</s>É ab\u{301}1 ﬁ½ <|end|>日\u{AD} don't\n"
        for _ in 0..<Mutation.iterations(default: 400) {
            let bytes = random.spoiled(file, tokens: Self.tokens)
            guard let value = try? JSONValue(parsing: bytes), let tokenizer = try? Tokenizer(parsing: value, path: "t")
            else { continue }
            let encoding = tokenizer.encode(text, pair: text, maxTokens: 30)
            #expect(encoding.ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
            #expect(encoding.typeIDs.count == encoding.ids.count)
            _ = tokenizer.decode(encoding.ids.map(Int.init))
        }
    }

    @Test func `a spoiled map of characters is refused or keeps texts valid`() throws {
        var random = Mutation(seed: 7)
        let file = JSONCursor(try JSONValue(parsing: RealTokenizer.fixture("stages/t5.json")))
        let text = Array("ﬁ½ \u{AD}a\r\n가 e\u{301} ☎…ＡＢ \u{1112}\u{1161}\u{11AB}".utf8)
        let map = try file.member("normalizer").member("precompiled_charsmap").string()
        let blob = try #require(Base64.decode(map))
        for _ in 0..<Mutation.iterations(default: 4_000) {
            guard let charsmap = Charsmap(random.spoiled(blob, tokens: ["\u{0}", "é", "漢"])) else { continue }
            #expect(String(validating: charsmap.normalize(text), as: UTF8.self) != nil)
        }
    }

    @Test func `a spoiled pattern is refused or covers a text`() throws {
        var random = Mutation(seed: 11)
        let text = Array("It's  12345 HTTPServer\n\n é漢 !!".utf8)
        let tokens = ["(?:", "(?!", "|", "+", "*", "?", "{2,}", "[^", "]", ")", "\\p{L}", "\\s", "$", "^", "a-z", "\\"]
        for _ in 0..<Mutation.iterations(default: 20_000) {
            let bytes = random.spoiled(PreTokenizer.byteLevelPattern, tokens: tokens)
            guard let pattern = try? Pattern(String(decoding: bytes, as: UTF8.self)) else { continue }
            var end = 0
            pattern.split(text, 0..<text.count) { range, _ in
                #expect(range.lowerBound == end && !range.isEmpty)
                end = range.upperBound
            }
            #expect(end == text.count)
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

    private func expectSound(_ encoding: Tokenizer.Encoding, of tokenizer: Tokenizer, _ limit: Int) {
        #expect(encoding.ids.count <= limit)
        #expect(encoding.totalTokens >= encoding.ids.count)
        #expect(encoding.ids.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
    }
}
