import JSON
import Mutation
import TemporaryFolders
import Testing

@testable import Tokenizer

/// Folders without a tokenizer.json against what transformers' classes make of them; see
/// Tests/Fixtures/tokenizer/make_folders.py.
@Suite struct FolderTests {
    private static let golden = Result {
        try JSONCursor(JSONValue(parsing: RealTokenizer.fixture("folders.json"))).member("folders")
    }

    private static func golden(_ name: String) throws -> [JSONCursor] {
        try golden.get().member(name).elements()
    }

    @Test(arguments: ["bert", "bert_cased", "gpt2", "roberta", "clip", "xlmr", "t5", "siglip"])
    func `a folder of older files gives the ids of its class`(name: String) throws {
        let tokenizer = try Tokenizer(folder: RealTokenizer.path(of: "folders/\(name)"))
        for row in try Self.golden(name) {
            let text = try row.member("text").string()
            let encoding = tokenizer.encode(text, maxTokens: .max)
            #expect(
                try encoding.ids == row.member("ids").integers(in: 0...9999).map(Int32.init), "\(text.debugDescription)"
            )
            let pair = tokenizer.encode(text, pair: "a dog", maxTokens: .max)
            #expect(
                try pair.ids == row.member("pair").integers(in: 0...9999).map(Int32.init), "\(text.debugDescription)")
            if try row.member("decoded").isNull { continue }
            let decoded = tokenizer.decode(encoding.ids.map(Int.init))
            #expect(try Array(decoded.utf8) == Array(row.member("decoded").string().utf8), "\(text.debugDescription)")
        }
    }

    @Test func `characters of speech lose their repetitions but for those that padding parts`() throws {
        let tokenizer = try Tokenizer(folder: RealTokenizer.path(of: "folders/ctc"))
        for row in try Self.golden("ctc") {
            let ids = try row.member("ids").integers(in: 0...99)
            #expect(try tokenizer.decode(ids) == row.member("decoded").string(), "\(ids)")
        }
    }

    @Test func `a tokenizer json goes before older files`() throws {
        let folder = "\(RealTokenizer.path.dropLast("/tokenizer.json".count))"
        #expect(try Tokenizer(folder: folder).vocabularySize == 30522)
    }

    @Test func `a folder without a tokenizer, and one of a class that nobody knows, are named`() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(
            missing?.description == "\(folder.path)/tokenizer.json: The file cannot be read: No such file or directory."
        )
        try folder.write(#"{"tokenizer_class": "OtherTokenizer"}"#, to: "tokenizer_config.json")
        let unknown = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(
            unknown?.description.contains("\"tokenizer_class\" is \"OtherTokenizer\"; supported is BertTok") == true)
        try folder.write(#"{"tokenizer_class": "GPT2TokenizerFast"}"#, to: "tokenizer_config.json")
        try folder.write(#"{"a": 0, "b": 1, "ab": 2}"#, to: "vocab.json")
        try folder.write("#version: 0.2\na b\nb b\n", to: "merges.txt")
        let merge = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(merge?.description.hasPrefix("\(folder.path)/merges.txt: merge 2 is not of two pieces") == true)
        try folder.write("a b\n", to: "merges.txt")
        #expect(try Tokenizer(folder: folder.path).encode("abba", maxTokens: 9).ids == [2, 1, 0])
    }

    @Test func `special tokens are those of the configuration`() throws {
        let folder = try TemporaryFolder()
        try folder.write("[UNK]\na\n##b\n<c>\n<s>\n", to: "vocab.txt")
        try folder.write(
            #"{"tokenizer_class": "BertTokenizer", "cls_token": {"content": "<c>"}, "sep_token": "<s>", "mask_token": null}"#,
            to: "tokenizer_config.json")
        let tokenizer = try Tokenizer(folder: folder.path)
        #expect(tokenizer.encode("AB <c> x", maxTokens: 9).ids == [3, 1, 2, 3, 0, 4])
        #expect(tokenizer.id(of: "[PAD]") == 5 && tokenizer.id(of: "[MASK]") == nil)
    }

    @Test func `a spoiled model of SentencePiece is refused or read`() throws {
        var random = Mutation(seed: 13)
        let bytes = try RealTokenizer.bytes("folders/t5/spiece.model")
        #expect(SentencePieceFile(bytes)?.pieces.count == 220)
        for _ in 0..<Mutation.iterations(default: 3_000) {
            guard let file = SentencePieceFile(random.spoiled(bytes, tokens: ["\u{0}", "\u{1}", "\u{7F}", "é"])) else {
                continue
            }
            #expect(file.pieces.allSatisfy { !$0.text.isEmpty })
        }
    }
}
