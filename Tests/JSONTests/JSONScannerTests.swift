import JSON
import Testing

/// Acceptance and refusal by RFC 8259, after the cases of JSONTestSuite (Seriot, "Parsing JSON is a minefield").
@Suite struct JSONScannerTests {
    private static let valid: [(String, JSONValue)] = [
        ("null", JSONValue.null), (" \t\r\n true \n", .boolean(true)), ("false", .boolean(false)), ("0", .integer(0)),
        ("-0", .integer(0)), ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("\u{FEFF}1", .integer(1)), ("1.5", .number(1.5)),
        ("-0.0", .number(-0.0)), ("1e2", .number(100)),
        ("1E+2", .number(100)), ("12e-1", .number(1.2)), ("0e0", .number(0)), ("0.1", .number(0.1)),
        ("123456789012345680000000000000", .number(123_456_789_012_345_677_877_719_597_056)),
        ("5e-324", .number(.leastNonzeroMagnitude)), ("0e9223372036854775807", .number(0)),
        ("0.0e-99999999999999999999", .number(0)), ("1234567890.1234568e-30", .number(1234567890.1234568e-30)),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        ("0.30000000000000004", .number(0.30000000000000004)),
        ("\"\"", .string("")), ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", .string("a\"\\/\u{8}\u{C}\n\r\t")),
        ("\"\\u00e9\\u4F60\"", .string("é你")), ("\"\\ud83d\\udc4d\"", .string("👍")), ("\"\\u0000\"", .string("\0")),
        ("\"👍 é \u{7F}\"", .string("👍 é \u{7F}")), ("\"\\uFFFF\\uDBFF\\uDFFF\"", .string("\u{FFFF}\u{10FFFF}")),
        ("[]", .array([])), ("[ ]", .array([])),
        ("[1,[2],\"\"]", .array([.integer(1), .array([.integer(2)]), .string("")])),
        ("{}", .object(JSONObject())),
    ]

    @Test(arguments: valid)
    func `valid text is read`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "18446744073709551615", "123456789012345678901234567890",
        "9007199254740993.0", "1152921504606846976e0", "0.1000000000000000055511151231257827", "3.0000000000000000001",
        "4e-324", "1.7976931348623158e308",
    ])
    func `a number that a Double would change keeps its digits`(text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value == .decimal(try #require(JSONDecimal(text))))
        var json = JSONWriter()
        try json.value(value)
        #expect(json.text == text)
        #expect(try JSONCursor(value).number() == Double(text))
    }

    @Test func `the byte order mark of UTF-16 is named`() {
        for mark in [[0xFF, 0xFE], [0xFE, 0xFF]] as [[UInt8]] {
            let error = #expect(throws: JSONError.self) { try JSONValue(parsing: mark + [0x31, 0]) }
            #expect(error?.description.contains("UTF-16") == true)
        }
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "TRUE", "+1", "01", "-", "-01", "1.", ".5", "1e", "1e+", "1.e1", "0x10",
        "1_000",
        "NaN", "Infinity", "-Infinity", "1e999", "-1e400", "1e9223372036854775807", "1e1048577", "1e-400",
        "0.11e-9223372036854775807", "1e-99999999999999999999", "0.01e-1048577", "1 2", "[1,]", "[,1]",
        "[1 2]", "[1", "]", "[1}", "{\"a\":1]",
        "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\" 1}", "{\"a\":}", "{\"a\":1,}", "{,}", "{1:2}", "{\"a\":1 \"b\":2}", "{",
        "{\"a\"", "{\"a\":1", "\"", "\"\\\"", "\"\\", "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"",
        "\"a\nb\"",
        "\"a\tb\"", "\"\u{0}\"", "\"\u{1F}\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"",
        "\"\\ud800x\"", "\"\\ud83d\\udc4\"", "/* c */ 1", "1 // c", "\u{FEFF}", "\u{FEFF}\u{FEFF}1", "1\u{FEFF}",
        "\u{A0}1", "\u{2028}1", "\u{B}1", "\0",
        "[\"a\"", "[\"a\",", "[\"a\\", "{\"a\":1}}", "[][]", "'a'", "undefined",
    ])
    func `invalid text is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22], [0x80], [0x5B, 0xFF, 0x5D],
        ] as [[UInt8]])
    func `invalid UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test func `an error names the byte where it was met`() {
        #expect(throws: JSONError.malformed(offset: 6, reason: "the character x where a value is expected")) {
            try JSONValue(parsing: "{\"a\": x}")
        }
        #expect(
            throws: JSONError.malformed(offset: 1, reason: "a lone surrogate, which is no character")
        ) { try JSONValue(parsing: "\"\\ud800\\u0041\"") }
    }

    @Test func `a key that appears twice is refused, and two spellings of it are one key`() {
        for text in ["{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}"] {
            #expect(throws: JSONError.duplicateKey("a", offset: 7)) { try JSONValue(parsing: text) }
        }
        let keys = (0..<100).map { "\"k\($0)\":0" }
        #expect(throws: JSONError.duplicateKey("k7", offset: 791)) {
            try JSONValue(parsing: "{\(keys.joined(separator: ",")),\"k7\":0}")
        }
    }

    @Test func `keys that are only canonically equal are two keys`() throws {
        let object = try JSONCursor(JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}"))
        #expect(try object.member("\u{E9}").integer() == 1)
        #expect(try object.member("e\u{301}").integer() == 2)
    }

    @Test func `keys keep their order and are found among thousands`() throws {
        let keys = (0..<5000).map { "key \($0 * 7919 % 5000)" }
        let text = "{\(keys.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ","))}"
        let object = try JSONCursor(JSONValue(parsing: text)).object()
        #expect(object.keys == keys)
        for (place, key) in keys.enumerated() { #expect(object[key] == .integer(place)) }
        #expect(object["key 5000"] == nil)
    }

    @Test func `nesting is bounded`() throws {
        let limits = JSONLimits(depth: 3)
        #expect(try JSONValue(parsing: "[[[]]]", limits: limits) == .array([.array([.array([])])]))
        #expect(throws: JSONError.tooDeep(limit: 3, offset: 3)) { try JSONValue(parsing: "[[[[]]]]", limits: limits) }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.tooDeep(limit: 64, offset: 64)) { try JSONValue(parsing: deep) }
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: JSONError.tooDeep(limit: 64, offset: 320)) { try JSONValue(parsing: objects) }
    }

    @Test func `siblings do not count as nesting`() throws {
        let text = "[\(repeatElement("[[]]", count: 1000).joined(separator: ","))]"
        _ = try JSONValue(parsing: text, limits: JSONLimits(depth: 3))
    }

    @Test func `bytes and values are bounded`() {
        #expect(throws: JSONError.tooLarge(bytes: 5, limit: 4)) {
            try JSONValue(parsing: "[1,2]", limits: JSONLimits(bytes: 4))
        }
        #expect(throws: JSONError.tooManyValues(limit: 3, offset: 5)) {
            try JSONValue(parsing: "[1,2,3]", limits: JSONLimits(values: 3))
        }
    }

    @Test func `a string of megabytes and a number of many digits are read`() throws {
        let long = String(repeating: "é\\n", count: 1_000_000)
        #expect(try JSONValue(parsing: "\"\(long)\"") == .string(String(repeating: "é\n", count: 1_000_000)))
        let digits = String(repeating: "1", count: 300)
        for text in [digits, "0.\(digits)"] {
            #expect(try JSONValue(parsing: text) == .decimal(try #require(JSONDecimal(text))))
            #expect(try JSONCursor(JSONValue(parsing: text)).number() == Double(text))
        }
    }

    @Test func `every number of up to four digits and three places is the nearest Double`() throws {
        for digits in stride(from: 0, to: 10_000, by: 7) {
            for places in 0..<8 {
                let text = "\(digits)e-\(places)"
                #expect(try JSONCursor(JSONValue(parsing: text)).number() == Double(text))
            }
        }
    }
}
