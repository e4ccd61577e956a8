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

    @Test func `decoding glues continuations and leaves special tokens out`() throws {
        let tokenizer = try RealTokenizer.load()
        let ids = tokenizer.encode("two snowboarding dogs", maxTokens: 64).ids.map(Int.init)
        #expect(tokenizer.decode(ids) == "two snowboarding dogs")
    }
}
