import Testing

@testable import sensorium

@Suite struct `Words in photos at the command line` {
    private let model = ["--model", CommandRun.model]
    private let sign = CommandRun.root.appending(path: "Tests/Fixtures/words/askew.png").path
    private let mirrored = CommandRun.root.appending(path: "Tests/Fixtures/words/mirrored.png").path

    private func words(_ lines: some Sequence<String>) -> [String] {
        lines.map { $0.replacing(" ", with: "") }
    }

    @Test func `caption tells them behind the caption where asked for`() throws {
        let plain = try CommandRun(["caption", sign] + model)
        let read = try CommandRun(["caption", "--read", sign] + model)
        #expect(read.code == 0 && read.lines.first == plain.lines.first)
        #expect(words(read.lines.dropFirst()) == ["EXIT27", "Mindthegap,please!"])
        #expect(read.lines.dropFirst().allSatisfy { $0.hasPrefix("  ") })
        let json = try CommandRun(["caption", "--read", "--json", sign] + model)
        #expect(json.output.contains(#""words":{"lines":[{"text":"EXIT"#))
    }

    @Test func `ask answers with them a question that asks for words`() throws {
        let asked = try CommandRun(["ask", sign, "What does the sign say?"] + model)
        #expect(asked.code == 0 && words(asked.lines) == ["EXIT27Mindthegap,please!"])
        let number = try CommandRun(["ask", "--json", sign, "what number is on the sign?"] + model)
        #expect(number.output.hasPrefix(#"{"answer":"27","confidence":0.9"#))
        #expect(number.output.contains(#""answers":[{"answer":"27","probability":0.9"#))
        #expect(number.output.contains(#""source":"words""#))
        let other = try CommandRun(["ask", "--read", sign, "what colour is it?"] + model)
        #expect(words(other.lines.dropFirst()) == ["EXIT27", "Mindthegap,please!"])
        let unread = try CommandRun(["ask", "--no-read", sign, "What does the sign say?"] + model)
        #expect(unread.lines.count == 1 && unread.lines != asked.lines)
    }

    @Test func `what is not read is not invented`() throws {
        let asked = try CommandRun(["ask", mirrored, "What does the sign say?"] + model)
        let unread = try CommandRun(["ask", "--no-read", mirrored, "What does the sign say?"] + model)
        #expect(asked.output == unread.output && asked.errors.contains("2 more that look like lines were not read"))
    }

    @Test func `emotion takes them for the text, and needs no face then`() throws {
        let meme = try CommandRun(["emotion", "--image", sign, "--text-from-image"] + model)
        #expect(meme.code == 0, "\(meme.errors)")
        let faceless = try CommandRun(["emotion", "--image", mirrored, "--text-from-image"] + model)
        #expect(faceless.code == 1 && faceless.errors.contains("No face was found"))
        let twice = try CommandRun(["emotion", "--image", sign, "--text", "x", "--text-from-image"] + model)
        #expect(twice.code == 2)
    }
}
