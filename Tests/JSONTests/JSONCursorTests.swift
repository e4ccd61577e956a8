import JSON
import Testing

@Suite struct JSONCursorTests {
    let root: JSONCursor

    init() throws {
        root = JSONCursor(
            try JSONValue(parsing: "{\"a\":{\"b\":[1,2.5,\"x\"]},\"t\":true,\"n\":null,\"i\":[3,4],\"f\":[1,2.5]}"))
    }

    @Test func `values are reached by their path`() throws {
        #expect(try root.member("a").member("b").elements()[2].string() == "x")
        #expect(try root.member("a").member("b").elements()[1].number() == 2.5)
        #expect(try root.member("i").integers(in: 0...9) == [3, 4])
        #expect(try root.member("f").numbers() == [1, 2.5])
        #expect(try root.member("t").boolean())
        #expect(try root.member("n").isNull)
        #expect(try root.optionalMember("z") == nil)
    }

    @Test func `a wrong value is named with its path, the expected and the found`() throws {
        #expect(throws: JSONError.unexpected(path: "a.b[2]", expected: "a number", found: "\"x\"")) {
            try root.member("a").member("b").elements()[2].number()
        }
        #expect(
            throws: JSONError.unexpected(path: "a.b[1]", expected: "a whole number from 0 to 9", found: "2.5")
        ) { try root.member("a").member("b").integers(in: 0...9) }
        #expect(
            throws: JSONError.unexpected(path: "i[1]", expected: "a whole number from 0 to 3", found: "4")
        ) { try root.member("i").elements()[1].integer(in: 0...3) }
        #expect(throws: JSONError.missing(key: "c", path: "a")) { try root.member("a").member("c") }
        #expect(throws: JSONError.unexpected(path: "t", expected: "an object", found: "true")) {
            try root.member("t").member("x")
        }
        #expect(throws: JSONError.unexpected(path: "n", expected: "an array", found: "null")) {
            try root.member("n").elements()
        }
    }

    @Test func `an error reads as a sentence`() {
        #expect(
            "\(JSONError.unexpected(path: "a.b[2]", expected: "a number", found: "\"x\""))"
                == "\"a.b[2]\" must be a number, but is \"x\".")
        #expect("\(JSONError.missing(key: "c", path: ""))" == "The key \"c\" is missing.")
        #expect(
            "\(JSONError.duplicateKey("a", offset: 7))"
                == "Not acceptable JSON at byte 7: the key \"a\" appears twice in one object.")
    }

    @Test func `a long value is described, not repeated`() {
        #expect(JSONValue.string(String(repeating: "x", count: 1000)).summary == "a string of 1000 bytes")
    }
}
