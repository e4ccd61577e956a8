import JSON
import Testing

@testable import Tokenizer

/// What is refused, by name, before a model with such a tokenizer can be served.
@Suite struct TokenizerFileTests {
    @Test func `a file of another version is refused with both versions`() throws {
        #expect(
            throws: TokenizerError.unsupported(
                path: "t", key: "version", found: "\"2.0\"", supported: "\"1.0\"")
        ) { try SmallTokenizer.make(["version": .string("2.0")]) }
    }

    @Test func `a model of another type is refused with both names`() throws {
        #expect(
            throws: TokenizerError.unsupported(
                path: "t", key: "model.type", found: "\"Morfessor\"", supported: "WordPiece, BPE, Unigram, WordLevel")
        ) { try SmallTokenizer.make(model: ["type": .string("Morfessor")]) }
        #expect(throws: JSONError.missing(key: "type", path: "model")) {
            try SmallTokenizer.make(model: ["type": nil, "max_input_chars_per_word": nil])
        }
    }

    @Test func `a model without its type, as files of 2020 have it, is known by its keys`() throws {
        let whole = try SmallTokenizer.make()
        let tokenizer = try SmallTokenizer.make(model: ["type": nil])
        #expect(tokenizer.encode("Mask aab x", maxTokens: 99) == whole.encode("Mask aab x", maxTokens: 99))
    }

    @Test func `merges of a byte pair model are read in both forms, and must be of its pieces`() throws {
        func make(_ merges: [JSONValue], _ changes: [String: JSONValue?] = [:]) throws -> Tokenizer {
            let model: [String: JSONValue?] = [
                "type": .string("BPE"), "unk_token": .null, "merges": .array(merges), "continuing_subword_prefix": nil,
                "vocab": SmallTokenizer.vocabulary([("a", 0), ("b", 1), ("ab", 2)]),
            ]
            return try SmallTokenizer.make(
                ["post_processor": .null], model: model.merging(changes) { $1 })
        }
        for merge in [JSONValue.string("a b"), .array([.string("a"), .string("b")])] {
            #expect(try make([merge]).encode("abcab b", maxTokens: 9).ids == [2, 2, 1])
        }
        let error = #expect(throws: TokenizerError.self) { try make([.string("b a")]) }
        #expect(error?.description.hasPrefix("t: \"model.merges[0]\" merges pieces of which one") == true)
        for merge in [JSONValue.string("ab"), .string("a  b"), .array([.string("a")]), .null] {
            #expect(throws: JSONError.self) { try make([merge]) }
        }
        let dropout = #expect(throws: TokenizerError.self) { try make([], ["dropout": .number(0.1)]) }
        #expect(dropout?.description.contains("\"model.dropout\" is 0.1; supported is null") == true)
    }

    @Test func `a unigram model must know what to do with what it does not know`() throws {
        func make(_ pieces: [JSONValue], unknown: JSONValue) throws -> Tokenizer {
            try SmallTokenizer.make(
                ["post_processor": .null],
                model: ["type": .string("Unigram"), "vocab": .array(pieces), "unk_id": unknown])
        }
        let pieces = [("<unk>", 0.0), ("a", -1.5), ("ab", -2.0)].map {
            JSONValue.array([.string($0.0), .number($0.1)])
        }
        #expect(try make(pieces, unknown: .integer(0)).encode("abaxx", maxTokens: 9).ids == [2, 1, 0])
        for unknown in [JSONValue.null, .integer(3), .integer(-1)] {
            #expect(throws: JSONError.self) { try make(pieces, unknown: unknown) }
        }
        #expect(throws: TokenizerError.self) { try make([], unknown: .integer(0)) }
        #expect(throws: JSONError.self) { try make([.array([.string("a")])], unknown: .integer(0)) }
    }

    @Test(arguments: [
        (#"(a"#, "its"), (#"a{2}{3}"#, "repetition of a repetition"), (#"(?<=a)b"#, "(?<="), (#"\p{Greek}"#, "Greek"),
        (#"a*"#, "empty"), (#"(a*)*b"#, "empty"), (#"[a[b]]"#, "set within a set"), (#"\1"#, #"\1"#),
        (#"(ab)++"#, "possessive"),
    ])
    func `a regular expression that is not read is refused with what it has`(pattern: String, reason: String) throws {
        let error = #expect(throws: PatternRefusal.self) { try Pattern(pattern) }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
        var inner = JSONObject()
        _ = inner.append("Regex", .string(pattern))
        var step = JSONObject()
        for (key, value) in [
            ("type", JSONValue.string("Split")), ("pattern", .object(inner)), ("behavior", .string("Isolated")),
        ] { _ = step.append(key, value) }
        let refusal = #expect(throws: TokenizerError.self) { try SmallTokenizer.make(["pre_tokenizer": .object(step)]) }
        #expect(refusal?.description.contains("\"pre_tokenizer.pattern.Regex\" is") == true)
    }

    @Test func `the unknown token must be named and be in the vocabulary`() throws {
        #expect(throws: JSONError.missing(key: "unk_token", path: "model")) {
            try SmallTokenizer.make(model: ["unk_token": nil])
        }
        let error = #expect(throws: TokenizerError.self) {
            try SmallTokenizer.make(model: ["unk_token": .string("<unk>")])
        }
        #expect(
            error?.description
                == "t: the unknown token \"<unk>\" of \"model.unk_token\" is not in \"model.vocab\".")
    }

    @Test func `accents that are null follow the case, and false does not`() throws {
        for (accents, lowercase, expected) in [
            (JSONValue.null, true, "e"), (.null, false, "É"), (.boolean(false), true, "é"),
            (.boolean(true), false, "E"),
        ] {
            let tokenizer = try SmallTokenizer.make(
                normalizer: ["strip_accents": accents, "lowercase": .boolean(lowercase)])
            let ids = tokenizer.encode("É", maxTokens: 9, addSpecialTokens: false).ids
            #expect(ids.map { tokenizer.piece(of: Int($0)) } == [expected])
        }
    }

    @Test func `an absent strip_accents counts as null`() throws {
        let tokenizer = try SmallTokenizer.make(normalizer: ["strip_accents": nil])
        #expect(tokenizer.normalize(Array("É".utf8)) == Array("e".utf8))
    }

    @Test(arguments: ["normalizer", "pre_tokenizer", "post_processor"])
    func `a step of another type is refused`(step: String) throws {
        var other = JSONObject()
        _ = other.append("type", .string("Other"))
        let error = #expect(throws: TokenizerError.self) { try SmallTokenizer.make([step: .object(other)]) }
        #expect(error?.description.contains("\"\(step).type\" is \"Other\"; supported is") == true)
    }

    @Test func `a file that cuts on the left keeps the end of a text`() throws {
        var truncation = JSONObject()
        _ = truncation.append("max_length", .integer(4))
        _ = truncation.append("direction", .string("Left"))
        let tokenizer = try SmallTokenizer.make(["truncation": .object(truncation)])
        let pieces = tokenizer.encode("a b x a", maxTokens: 4).ids.map { tokenizer.piece(of: Int($0)) }
        #expect(pieces == ["[CLS]", "x", "a", "[SEP]"])
        #expect(tokenizer.defaultMaxTokens == 4)
        _ = truncation.append("strategy", .string("Random"))
        #expect(throws: TokenizerError.self) { try SmallTokenizer.make(["truncation": .object(truncation)]) }
    }

    @Test func `two pieces with one id are refused`() throws {
        let error = #expect(throws: TokenizerError.self) {
            try SmallTokenizer.make(model: ["vocab": SmallTokenizer.vocabulary([("[UNK]", 0), ("a", 1), ("b", 1)])])
        }
        #expect(error?.description == "t: \"b\" and \"a\" both have the id 1.")
    }

    @Test(arguments: [JSONValue.integer(-1), .integer(1 << 20), .number(1.5), .string("1"), .null])
    func `an id that cannot be is refused with its piece`(id: JSONValue) throws {
        let error = #expect(throws: JSONError.self) {
            try SmallTokenizer.make(model: ["vocab": SmallTokenizer.vocabulary([("[UNK]", 0)], ("a", id))])
        }
        #expect(error?.description.hasPrefix("\"model.vocab.a\" must be a whole number below 1048576") == true)
    }

    @Test func `a vocabulary may have holes, which decode to nothing`() throws {
        let tokenizer = try SmallTokenizer.make(
            ["post_processor": .null],
            model: ["vocab": SmallTokenizer.vocabulary([("[UNK]", 0), ("a", 7), ("##b", 9)])])
        #expect(tokenizer.vocabularySize == 10)
        #expect(tokenizer.encode("ab a", maxTokens: 9).ids == [7, 9, 7])
        #expect(tokenizer.piece(of: 8) == nil)
        #expect(tokenizer.decode([7, 8, 9, -1, 10, .max, 7]) == "ab a")
    }

    @Test func `canonically equal pieces stay two pieces`() throws {
        let tokenizer = try SmallTokenizer.make(
            ["post_processor": .null], normalizer: ["lowercase": .boolean(false)],
            model: ["vocab": SmallTokenizer.vocabulary([("[UNK]", 0), ("\u{E9}", 1), ("e\u{301}", 2)])])
        #expect(tokenizer.encode("\u{E9} e\u{301}", maxTokens: 9).ids == [1, 2])
        #expect(tokenizer.id(of: "\u{E9}") == 1)
        #expect(tokenizer.id(of: "e\u{301}") == 2)
    }

    @Test func `an embedding with too few rows is refused at load`() throws {
        let tokenizer = try SmallTokenizer.make()
        try tokenizer.requireIDs(below: tokenizer.vocabularySize)
        #expect(throws: TokenizerError.self) { try tokenizer.requireIDs(below: tokenizer.vocabularySize - 1) }
    }

    @Test func `a template without its special token is refused`() throws {
        let golden = try SmallTokenizer.description()
        guard case .object(let processor)? = golden["post_processor"] else {
            Issue.record("the fixture has a post-processor")
            return
        }
        #expect(throws: JSONError.missing(key: "[CLS]", path: "post_processor.special_tokens")) {
            try SmallTokenizer.make([
                "post_processor": .object(processor.replacing(["special_tokens": .object(JSONObject())]))
            ])
        }
    }

    @Test func `added tokens that cannot be told apart are refused`() throws {
        for (first, second) in [("Q", "Q"), ("Q", "q")] {
            #expect(throws: TokenizerError.self) {
                try SmallTokenizer.make([
                    "added_tokens": .array([
                        SmallTokenizer.addedToken(first, id: 50), SmallTokenizer.addedToken(second, id: 51),
                    ])
                ])
            }
        }
        #expect(throws: TokenizerError.self) {
            try SmallTokenizer.make(["added_tokens": .array([SmallTokenizer.addedToken("\u{301}", id: 50)])])
        }
    }

    @Test func `an added token with the id of another piece is refused`() throws {
        let error = #expect(throws: TokenizerError.self) {
            try SmallTokenizer.make(["added_tokens": .array([SmallTokenizer.addedToken("Q", id: 3)])])
        }
        #expect(error?.description == "t: the added token \"Q\" has the id 3, but the vocabulary has \"a\" there.")
    }

    @Test func `a file that is not there is named`() throws {
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: "/no/such/file") }
        #expect(error?.description == "/no/such/file: The file cannot be read: No such file or directory.")
    }
}
