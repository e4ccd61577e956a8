import JSON
import Testing

@Suite struct `Exact JSON` {
    @Test(arguments: [
        #"{"a":0.1234567890123,"b":[1,null,true,"x\n"],"c":{"d":1e-07,"e":-0.0,"f":1.7976931348623157e+308}}"#, "[]",
        "{}",
        "9007199254740993", "5e-324", #""\u0001""#,
    ])
    func `what was read is written so that it reads back as the same`(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        var json = JSONWriter()
        json.exact(value)
        #expect(json.text == text)
        #expect(try JSONValue(parsing: json.bytes) == value)
    }
}
