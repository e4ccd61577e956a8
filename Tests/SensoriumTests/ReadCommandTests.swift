import Testing

@testable import sensorium

@Suite struct `The command read` {
    private let model = ["--model", CommandRun.model]
    private let sign = CommandRun.root.appending(path: "Tests/Fixtures/words/askew.png").path
    private let mirrored = CommandRun.root.appending(path: "Tests/Fixtures/words/mirrored.png").path

    @Test func `prints the lines of a photo, and says what it did not read`() throws {
        let run = try CommandRun(["read", sign] + model)
        #expect(run.code == 0 && run.errors.isEmpty)
        #expect(run.lines.map { $0.replacing(" ", with: "") } == ["EXIT27", "Mindthegap,please!"])
        let other = try CommandRun(["read", mirrored] + model)
        #expect(other.code == 0 && other.output.isEmpty)
        #expect(other.errors.contains("2 more that look like lines were not read"))
    }

    @Test func `has a line of JSON for each file, also for those that fail`() throws {
        let run = try CommandRun(["read", "--json", sign, "/nowhere.jpg"] + model)
        #expect(run.code == 1 && run.lines.count == 2)
        #expect(run.lines[0].hasPrefix(#"{"file":"\#(sign)","lines":[{"text":"EXIT"#))
        #expect(run.lines[0].hasSuffix(#""unread":0}"#))
        #expect(run.lines[1].hasPrefix(#"{"file":"/nowhere.jpg","error":"#))
    }
}
