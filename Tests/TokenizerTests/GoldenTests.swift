import JSON
import Testing

@testable import Tokenizer

/// Ids and words as Hugging Face tokenizers gives them; see Tests/Fixtures/tokenizer/make_golden.py.
@Suite struct GoldenTests {
    @Test func `every scalar of planes 0 and 1 becomes what the reference makes of it`() throws {
        let tokenizer = try RealTokenizer.load()
        let normalizers = [
            BertNormalizer(cleansText: true, separatesIdeographs: true, stripsAccents: true, lowercases: true),
            BertNormalizer(cleansText: true, separatesIdeographs: true, stripsAccents: false, lowercases: false),
            BertNormalizer(cleansText: false, separatesIdeographs: false, stripsAccents: true, lowercases: false),
            BertNormalizer(cleansText: false, separatesIdeographs: false, stripsAccents: false, lowercases: true),
        ]
        var blocks = 0
        for line in try RealTokenizer.fixture("scalars.txt").split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ").map(String.init)
            let block = try #require(UInt32(columns[0], radix: 16))
            let texts = (256 * block..<256 * block + 256).compactMap(Unicode.Scalar.init).flatMap {
                ["\($0)", "a\($0)b"]
            }
            let ids = texts.map { text in
                tokenizer.encode(text, maxTokens: .max).ids.map(String.init).joined(separator: " ")
            }
            var hashes = [fnv(ids)]
            for normalizer in normalizers {
                hashes.append(fnv(texts.map { words(of: normalizer.normalize(Array($0.utf8)[...])) }))
            }
            #expect(hashes == Array(columns.dropFirst()), "scalars U+\(columns[0])00 to U+\(columns[0])FF")
            blocks += 1
        }
        #expect(blocks == 504)
    }

    @Test func `sentences that broke tokenizers before have the ids and the text of the reference`() throws {
        let tokenizer = try RealTokenizer.load()
        let golden = JSONCursor(try JSONValue(parsing: RealTokenizer.fixture("texts.json")))
        for row in try golden.member("texts").elements() {
            let text = try row.member("text").string()
            let ids = try row.member("ids").integers(in: 0...30521)
            let cut = try row.member("cut").integers(in: 0...30521)
            #expect(tokenizer.encode(text, maxTokens: .max).ids.map(Int.init) == ids, "\(text.debugDescription)")
            let short = tokenizer.encode(text, maxTokens: 7)
            #expect(short.ids.map(Int.init) == cut, "\(text.debugDescription)")
            #expect(short.truncated == (ids.count > 7))
            #expect(short.totalTokens == ids.count)
            #expect(Array(tokenizer.decode(ids).utf8) == Array(try row.member("decoded").string().utf8))
        }
    }

    @Test func `added tokens match as in the reference under every combination of their flags`() throws {
        let golden = JSONCursor(try JSONValue(parsing: RealTokenizer.fixture("added.json")))
        let texts = try golden.member("texts").elements().map { try $0.string() }
        for (number, row) in try golden.member("cases").elements().enumerated() {
            let description = try golden.member("tokenizer").object().replacing([
                "added_tokens": try row.member("added_tokens").value,
                "normalizer": try row.member("normalizer").value,
            ])
            let tokenizer = try Tokenizer(parsing: .object(description), path: "case \(number)")
            for (text, ids) in zip(texts, try row.member("ids").elements()) {
                #expect(
                    tokenizer.encode(text, maxTokens: .max).ids.map(Int.init) == (try ids.integers(in: 0...100)),
                    "case \(number): \(text.debugDescription)")
            }
        }
    }

    private func words(of text: [UInt8]) -> String {
        var words: [String] = []
        BertPreTokenizer.split(text, 0..<text.count) { words.append(String(decoding: text[$0], as: UTF8.self)) }
        return words.joined(separator: " ")
    }

    private func fnv(_ parts: [String]) -> String {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in parts.joined(separator: "\n").utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
