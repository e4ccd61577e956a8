import JSON
import Testing

@Suite struct JSONWriterTests {
    @Test func `fields come out in the order they were written`() throws {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("b", "x")
            try json.field("a", [1, 0.5, -0.25] as [Float])
            json.field("c") { json in json.array { json in json.value(1); json.null(); json.value(true) } }
        }
        #expect(json.text == #"{"b":"x","a":[1,0.5,-0.25],"c":[1,null,true]}"#)
    }
}
