import JSON
import Mutation
import Testing

@Suite struct JSONFuzzTests {
    private static let corpus = [
        #"{"a":[1,-2.5e3,true,null],"b":{"c":"é\u00e9\ud83d\udc4d\n"},"":[]}"#,
        #"[[[[[[[[1]]]]]]],{"x":{"y":{"z":0}}}]"#,
        #""\\\"\/\b\f\n\r\t\u0000""#, "[0,-0,1e1,1E-1,123456789012345678901,0.000001]", "  {  }  ",
    ]
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "null", "true", "1", "-", ".", "e",
        "\u{0}",
        "é", "\u{FEFF}", "\"a\":", "9999999999999999999", "1e999",
    ]

    @Test func `spoiled text is refused or read as what it writes back to`() throws {
        var random = Mutation(seed: 1)
        let limits = JSONLimits(bytes: 1 << 16, depth: 12, values: 1000)
        for _ in 0..<Mutation.iterations(default: 60_000) {
            let bytes = random.spoiled(Self.corpus[random.below(Self.corpus.count)], tokens: Self.tokens)
            guard let value = try? JSONValue(parsing: bytes, limits: limits) else { continue }
            #expect(String(validating: bytes, as: UTF8.self) != nil)
            var first = JSONWriter()
            try first.value(value)
            var second = JSONWriter()
            try second.value(JSONValue(parsing: first.bytes))
            #expect(first.bytes == second.bytes)
        }
    }
}
