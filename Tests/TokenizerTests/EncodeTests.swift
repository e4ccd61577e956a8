import Testing
import Tokenizer

@Suite struct EncodeTests {
    @Test func `a sentence becomes the pieces that the reference gives`() throws {
        let tokenizer = try RealTokenizer.load()
        let encoding = tokenizer.encode("A dog's naïve SNOWBOARDING, in Zürich!", maxTokens: 64)
        let pieces = encoding.ids.map { tokenizer.piece(of: Int($0)) ?? "?" }
        #expect(
            pieces == [
                "[CLS]", "a", "dog", "'", "s", "naive", "snow", "##boarding", ",", "in", "zurich", "!", "[SEP]",
            ])
        #expect(!encoding.truncated)
        #expect(encoding.totalTokens == 13)
    }

    @Test func `a long text keeps both special tokens when it is cut`() throws {
        let tokenizer = try RealTokenizer.load()
        let encoding = tokenizer.encode("one two three four five", maxTokens: 4)
        #expect(encoding.ids.map { tokenizer.piece(of: Int($0)) } == ["[CLS]", "one", "two", "[SEP]"])
        #expect(encoding.truncated)
        #expect(encoding.totalTokens == 7)
    }

    @Test(arguments: [Int.min, -1, 0, 1, 2])
    func `an allowance too small for the special tokens leaves just them`(maxTokens: Int) throws {
        let encoding = try RealTokenizer.load().encode("one two", maxTokens: maxTokens)
        #expect(encoding.ids == [101, 102])
        #expect(encoding.truncated)
    }

    @Test func `without special tokens the whole allowance is for the text`() throws {
        let tokenizer = try RealTokenizer.load()
        #expect(tokenizer.encode("one two", maxTokens: 2, addSpecialTokens: false).ids == [2028, 2048])
        #expect(tokenizer.encode("one two", maxTokens: 0, addSpecialTokens: false).ids == [])
        #expect(tokenizer.encode("", maxTokens: 2, addSpecialTokens: false).ids == [])
    }

    @Test func `text of a special token within a user's text becomes that token, as in the reference`() throws {
        #expect(try RealTokenizer.load().encode("a[SEP]b", maxTokens: 9).ids == [101, 1037, 102, 1038, 102])
    }

    @Test func `a word is as long as its scalars, not as its characters`() throws {
        let tokenizer = try RealTokenizer.load()
        // With accents kept the word would be one Character longer than its limit, or shorter, by the way of counting.
        let flags = String(repeating: "🇩🇪", count: 51)
        #expect(tokenizer.encode(flags, maxTokens: 300, addSpecialTokens: false).ids == [100])
        #expect(tokenizer.encode(String(repeating: "a", count: 101), maxTokens: 9).ids == [101, 100, 102])
        #expect(tokenizer.encode(String(repeating: "a", count: 100), maxTokens: 300).ids.contains(100) == false)
    }

    @Test func `a megabyte is cut, and its tokens are counted`() throws {
        let tokenizer = try RealTokenizer.load()
        let words = tokenizer.encode(String(repeating: "a dog ", count: 170_000), maxTokens: 256)
        #expect(words.ids.count == 256 && words.truncated && words.totalTokens == 340_002)
        let word = tokenizer.encode(String(repeating: "a", count: 1_000_000), maxTokens: 256)
        #expect(word.ids == [101, 100, 102] && !word.truncated)
        let blanks = tokenizer.encode(String(repeating: " ", count: 1_000_000), maxTokens: 256)
        #expect(blanks.ids == [101, 102] && !blanks.truncated)
        let brackets = tokenizer.encode(String(repeating: "[", count: 1_000_000), maxTokens: 256)
        #expect(brackets.totalTokens == 1_000_002)
        let marks = tokenizer.encode("a" + String(repeating: "\u{1D165}\u{302E}", count: 140_000), maxTokens: 256)
        #expect(marks.ids == [101, 100, 102])
    }

    @Test func `decoding leaves special tokens and unknown ids out`() throws {
        let tokenizer = try RealTokenizer.load()
        let ids = tokenizer.encode("two snowboarding dogs", maxTokens: 64).ids.map(Int.init)
        #expect(tokenizer.decode(ids) == "two snowboarding dogs")
        #expect(tokenizer.decode([]) == "")
        #expect(tokenizer.decode([-1, 30522, .max]) == "")
    }

    @Test func `pieces and ids lead to each other`() throws {
        let tokenizer = try RealTokenizer.load()
        #expect(tokenizer.vocabularySize == 30522)
        #expect(tokenizer.defaultMaxTokens == 128)
        for id in 0..<tokenizer.vocabularySize {
            #expect(tokenizer.piece(of: id).flatMap(tokenizer.id(of:)) == id)
        }
        #expect(tokenizer.id(of: "no such piece") == nil)
        #expect(tokenizer.piece(of: 30522) == nil)
    }

    @Test func `a line of input may escape what a line cannot hold`() throws {
        let tokenize = TokenizeLines(try RealTokenizer.load())
        #expect(tokenize("a\\nb \"\\u0041\\\\\\\"") == "101 1037 1038 1000 1037 1032 1000 102")
        #expect(tokenize("a\\ud800") == nil)
        #expect(tokenize("a\\x") == nil)
        #expect(tokenize("a\\") == nil)
        #expect(TokenizeLines(try RealTokenizer.load(), output: .pieces)("dogs") == "[CLS]\tdogs\t[SEP]")
    }
}
