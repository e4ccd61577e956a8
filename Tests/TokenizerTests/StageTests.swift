import JSON
import Testing

@testable import Tokenizer

/// Small tokenizers of every kind against what Hugging Face tokenizers does with them; see
/// Tests/Fixtures/tokenizer/make_stages.py.
@Suite struct StageTests {
    static let kinds = [
        "albert", "bert", "clip", "deepseek", "gemma", "gpt2", "llama2", "llama2_first", "llama3", "o200k", "plain",
        "qwen2", "qwen35", "roberta", "smollm", "suffixed", "t5", "t5_first", "tiktoken", "unigram_bytes", "wordlevel",
        "wordpiece", "xlmr",
    ]
    private static let golden = Result {
        JSONCursor(try JSONValue(parsing: RealTokenizer.fixture("stages.json")))
    }

    static func load(_ kind: String) throws -> Tokenizer {
        try Tokenizer(parsing: JSONValue(parsing: RealTokenizer.fixture("stages/\(kind).json")), path: kind)
    }

    @Test func `every kind that the script makes is tried`() throws {
        #expect(try Self.golden.get().member("kinds").object().keys.sorted() == Self.kinds)
    }

    @Test(arguments: kinds)
    func `texts, pairs and their decoded text are those of the reference`(kind: String) throws {
        let tokenizer = try Self.load(kind)
        let golden = try Self.golden.get()
        let texts = try golden.member("texts").elements().map { try $0.string() }
        for (place, row) in try golden.member("kinds").member(kind).elements().enumerated() {
            let text = texts[place]
            let pair = texts[(place + 5) % texts.count]
            func ids(_ key: String) throws -> [Int32] { try row.member(key).integers(in: 0...9999).map(Int32.init) }
            let whole = tokenizer.encode(text, maxTokens: .max)
            #expect(try whole.ids == ids("ids"), "\(text.debugDescription)")
            #expect(!whole.truncated && whole.totalTokens == whole.ids.count)
            #expect(
                try Array(tokenizer.decode(whole.ids.map(Int.init)).utf8) == Array(row.member("decoded").string().utf8),
                "\(text.debugDescription)")
            let both = tokenizer.encode(text, pair: pair, maxTokens: .max)
            #expect(try both.ids == row.member("pair").member("ids").integers(in: 0...9999).map(Int32.init))
            #expect(try both.typeIDs == row.member("pair").member("types").integers(in: 0...9).map(Int32.init))
            for (cutsLeft, key) in [(false, "cut"), (true, "left")] {
                var tokenizer = tokenizer
                tokenizer.truncation.cutsLeft = cutsLeft
                let cut = tokenizer.encode(text, pair: pair, maxTokens: 11)
                #expect(try cut.ids == ids(key), "\(text.debugDescription) \(pair.debugDescription)")
                #expect(cut.typeIDs.count == cut.ids.count)
                #expect(cut.truncated == (both.ids.count > 11) && cut.totalTokens == both.ids.count)
                #expect(try tokenizer.encode(text, maxTokens: 11).ids == ids(key + "_single"))
            }
        }
    }

    @Test(arguments: kinds)
    func `a megabyte without a blank costs no more than one with blanks would`(kind: String) throws {
        let tokenizer = try Self.load(kind)
        for part in ["a", "ab", "漢", " ", "<", "A", "\n ", "a\u{301}", "1"] {
            let text = String(repeating: part, count: 200_000 / part.utf8.count)
            let encoding = tokenizer.encode(text, maxTokens: 16)
            #expect(encoding.ids.count <= 16 && encoding.totalTokens <= 500_000)
        }
    }

    @Test func `a pattern made to go back and back ends nevertheless`() throws {
        let pattern = try Pattern(#"(?:a|a)+(?:a|a)+(?:a|a)+b"#)
        var parts = 0
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 20_000)
        pattern.split(text, 0..<text.count) { _, isMatch in
            parts += 1
            #expect(!isMatch)
        }
        #expect(parts == 1)
    }

    @Test func `what is given up of the odd token, only the first or only the second loses it`() {
        var truncation = Truncation()
        #expect(truncation.lengths(9, 3, allowed: 7) == (4, 3))
        #expect(truncation.lengths(9, 9, allowed: 7) == (3, 4))
        #expect(truncation.lengths(10, 9, allowed: 7) == (4, 3))
        #expect(truncation.lengths(2, 3, allowed: 0) == (0, 0))
        truncation.strategy = .onlyFirst
        #expect(truncation.lengths(9, 3, allowed: 7) == (4, 3))
        #expect(truncation.lengths(9, 8, allowed: 7) == (0, 7))
        truncation.strategy = .onlySecond
        #expect(truncation.lengths(3, 9, allowed: 7) == (3, 4))
    }

    @Test func `decoding gives what it was given where bytes are spelled`() throws {
        let tokenizer = try Self.load("gpt2")
        for text in ["a\u{0} \u{FEFF}é\n", "👩‍👩‍👧 x", "漢字\t\r\n"] {
            #expect(tokenizer.decode(tokenizer.encode(text, maxTokens: .max).ids.map(Int.init)) == text)
        }
        // Half a character, and a token that is no bytes.
        let ids = tokenizer.encode("漢", maxTokens: .max).ids.map(Int.init)
        #expect(tokenizer.decode(ids.dropLast()).unicodeScalars.allSatisfy { $0 == "\u{FFFD}" })
        let lines = TokenizeLines(tokenizer, output: .text)
        #expect(
            lines(tokenizer.encode("a\\\nb", maxTokens: 9).ids.map(String.init).joined(separator: " "))
                == "a\\\\\\u000ab")
        #expect(lines("1 x") == nil)
        #expect(TokenizeLines(tokenizer, takesPairs: true)("a\tb") == TokenizeLines(tokenizer)("ab"))
    }

    @Test func `special tokens that are wanted are decoded too`() throws {
        let tokenizer = try Self.load("roberta")
        let ids = tokenizer.encode("a", maxTokens: 9).ids.map(Int.init)
        #expect(tokenizer.decode(ids) == " a")
        #expect(tokenizer.decode(ids, skipsSpecial: false) == "<s> a</s>")
        #expect(tokenizer.encode("a", pair: "b", maxTokens: 9, addSpecialTokens: false).typeIDs == [0, 0])
    }
}
