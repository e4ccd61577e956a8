import JSON
import Testing

@testable import Service

@Suite struct `Read route` {
    /// Photo.jpeg has 61 × 45 pixels.
    private let lines = [
        FakeLine("EXIT", 0.9375, x: 4, y: 3, width: 30, height: 8),
        FakeLine("3aKpbITO", 0.5, x: 4, y: 20, width: 30, height: 8),
        FakeLine("mind \"it\"", 0.875, x: 40, y: 3, width: 20, height: 8),
    ]

    @Test func `an answer has the lines that were read, and the number of the others`() throws {
        let answer = try Harness(FakeModel(lines: lines)).send(form: "/v1/read", Form())
        #expect(answer.status == 200, "\(answer.text)")
        let expected =
            #"{"lines":[{"text":"EXIT","box":[[4,3],[34,3],[34,11],[4,11]],"confidence":0.9375},"#
            + #"{"text":"mind \"it\"","box":[[40,3],[60,3],[60,11],[40,11]],"confidence":0.875}],"#
            + #""text":"EXIT\nmind \"it\"","unread":1,"model":"fake","request_id":"#
        #expect(answer.text.hasPrefix(expected), "\(answer.text)")
        #expect(answer.value("inputs", "image", "width") == .integer(61))
        #expect(answer.headers["Server-Timing"]?.contains("generate;dur=") == true)
    }

    @Test func `a picture without words has no lines`() throws {
        let answer = try Harness().send("POST", "/v1/read", [("Content-Type", "image/png")], body: Photo.png)
        #expect(answer.status == 200)
        #expect(answer.text.hasPrefix(#"{"lines":[],"text":"","unread":0,"model":"fake""#))
    }

    @Test func `a page is read some lines at a time`() throws {
        let many = (0..<20).map { FakeLine("line \($0)", 0.9, x: Float($0), y: 2, width: 30, height: 8) }
        let harness = try Harness(FakeModel(lines: many))
        let answer = harness.send(form: "/v1/read", Form())
        #expect(answer.value("text") == .string((0..<20).map { "line \($0)" }.joined(separator: "\n")))
        #expect(harness.model.counts.withLock(\.readBatches) == [8, 8, 4])
    }

    @Test func `a model that cannot read says so, and a request without a picture is told`() throws {
        let answer = try Harness(FakeModel(reads: false)).send(form: "/v1/read", Form())
        #expect(answer.status == 422 || answer.status == 404)
        #expect(answer.code == "task_not_available")
        let empty = try Harness().send(
            "POST", "/v1/read", [("Content-Type", "application/json")], body: Array("{}".utf8))
        #expect(empty.code == "missing_part")
        let unknown = try Harness().send(form: "/v1/read", Form([("beams", "3")]))
        #expect(unknown.code == "invalid_option")
    }
}
