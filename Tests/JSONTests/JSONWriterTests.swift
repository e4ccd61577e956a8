import JSON
import Testing

@Suite struct JSONWriterTests {
    @Test func `fields come out in the order they were written`() throws {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("b", "x")
            try json.field("a", [1, 0.5, -0.25] as [Float])
            json.field("c") { json in
                json.array { json in
                    json.value(1)
                    json.null()
                    json.value(true)
                    json.array { _ in }
                    json.object { _ in }
                }
            }
            json.field("d", ["x", "y"])
        }
        #expect(json.text == #"{"b":"x","a":[1,0.5,-0.25],"c":[1,null,true,[],{}],"d":["x","y"]}"#)
    }

    private static let roundings: [(Double, String)] = [
        (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (0.5, "0.5"), (0.1, "0.1"), (1.0 / 3, "0.333333"),
        (2.0 / 3, "0.666667"), (0.0000004, "0"), (-0.0000004, "0"), (0.0000006, "0.000001"), (0.9999996, "1"),
        (-0.9999996, "-1"), (1.0000001, "1"), (123456.789, "123456.789"), (1e-300, "0"), (1e15, "1000000000000000"),
        (123456789012.125, "123456789012.125"), (0x1p53, "9007199254740992"), (9.2e18, "9200000000000000000"),
        (0x1p63, "9223372036854776000"), (-1e19, "-10000000000000000000"),
        (1.5e300, "15" + String(repeating: "0", count: 299)),
        (Double.greatestFiniteMagnitude, "17976931348623157" + String(repeating: "0", count: 292)),
    ]

    @Test(arguments: roundings)
    func `numbers are rounded to six digits and written without exponent`(number: Double, text: String) throws {
        var json = JSONWriter()
        try json.value(number)
        #expect(json.text == text)
    }

    @Test func `rounded numbers read back within half a millionth`() throws {
        var state: UInt64 = 42
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let exponent = Double(state >> 59) - 20
            let number =
                (Double(state >> 11) / 0x1p52 - 1)
                * (exponent < 0 ? 1 / Double(1 << Int(-exponent)) : Double(1 << Int(exponent)))
            var json = JSONWriter()
            try json.value(number)
            let read = try JSONCursor(JSONValue(parsing: json.bytes)).number()
            #expect(abs(read - number) <= 0.5000001e-6, "\(number) was written as \(json.text)")
        }
    }

    @Test func `whole numbers keep all digits`() {
        for number in [Int.min, -1, 0, 7, 10, Int.max] {
            var json = JSONWriter()
            json.value(number)
            #expect(json.text == "\(number)")
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `a number that JSON cannot express is refused by its path`(number: Double) {
        let error = #expect(throws: JSONError.self) {
            var json = JSONWriter()
            try json.object { json throws(JSONError) in
                try json.field("scores") { json throws(JSONError) in
                    try json.object { json throws(JSONError) in try json.field("joy", number) }
                }
            }
        }
        #expect(error == .notFinite(path: "scores.joy", value: "\(number)"))
    }

    @Test func `a weight that JSON cannot express is refused by its position`() {
        #expect(throws: JSONError.notFinite(path: "embedding[1]", value: "nan")) {
            var json = JSONWriter()
            try json.field("embedding", [0, .nan] as [Float])
        }
    }

    @Test func `every string reads back as it was`() throws {
        var all = String.UnicodeScalarView()
        for code in 0..<UInt32(0x500) { all.append(contentsOf: Unicode.Scalar(code).map { [$0] } ?? []) }
        for text in [String(all), "\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}", "👍\u{10FFFF}", ""] {
            var json = JSONWriter()
            json.value(text)
            #expect(!json.bytes.contains { $0 < 0x20 })
            #expect(try JSONValue(parsing: json.bytes) == .string(text))
        }
    }

    @Test func `any value is written as it was read`() throws {
        let text = #"{"b":[1,2.5,null,true,"x\n"],"a":{"é":-7},"c":{}}"#
        var json = JSONWriter()
        try json.value(JSONValue(parsing: text))
        #expect(json.text == text)
    }
}
