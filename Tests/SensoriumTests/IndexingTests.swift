import Foundation
import Retrieval
import Synchronization
import TemporaryFolders
import Testing

@testable import sensorium

/// `sensorium index`, and what is found afterwards.
@Suite struct `Indexing a folder from the command line` {
    private let photos: TemporaryFolder
    private let data: TemporaryFolder

    init() throws {
        photos = try TemporaryFolder()
        data = try TemporaryFolder()
    }

    private func index(_ more: String...) throws -> CommandRun {
        try CommandRun(
            ["index", photos.path, "--collection", "c", "--data", data.path, "--model", CommandRun.model] + more)
    }

    private func audio(_ name: String) -> String {
        CommandRun.root.appending(path: "Tests/Fixtures/media/audio/\(name)").path
    }

    @Test func `photos and sounds are found whatever their names, and the rest is counted`() throws {
        try photos.copy(CommandRun.photo, as: "good.jpg")
        try photos.copy(CommandRun.photo, as: "saved-by-a-browser.jfif")
        try photos.copy(CommandRun.photo, as: "old.jpe")
        try photos.copy(CommandRun.photo, as: "deep/er/no-ending")
        try photos.copy(audio("voice.opus"), as: "PTT-1.opus")
        try photos.copy(audio("voice.ogg"), as: "voice.oga")
        try photos.copy(audio("voice.m4a"), as: "recording.m4a")
        try photos.copy(audio("voice.m4a"), as: "again.m4a")
        try Data("notes".utf8).write(to: photos.url("notes.txt"))
        try Data().write(to: photos.url(".hidden"))
        let run = try index()
        #expect(run.code == 0 && run.errors.isEmpty)
        #expect(
            run.output == """
                4 photos and 2 sounds stored in "c", nothing unchanged, 4 skipped: 2 M4A audio, 1 .txt, 1 hidden.

                """)
        #expect(try index().output.hasPrefix("nothing stored in \"c\", 4 photos and 2 sounds unchanged"))
    }

    @Test func `a name that is no UTF-8 is no reason to pass a photo over`() throws {
        let name = photos.path.utf8.map { CChar(bitPattern: $0) } + Array("/caf".utf8CString.dropLast()) + [-23]
        let bytes = try Data(contentsOf: URL(filePath: CommandRun.photo))
        let file = try #require(fopen(name + Array(".jpg".utf8CString), "w"))
        #expect(bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) } == bytes.count)
        fclose(file)
        let run = try index("--json")
        #expect(run.code == 0)
        #expect(run.lines.first == #"{"file":"caf\\xE9.jpg","outcome":"stored","kind":"image"}"#)
    }

    @Test func `each file has its line of JSON, and the last line counts them`() throws {
        try photos.copy(CommandRun.photo, as: "a.jpg")
        try photos.copy(audio("voice.m4a"), as: "b.m4a")
        try Data("<html>".utf8).write(to: photos.url("c.jpg"))
        let run = try index("--json")
        #expect(run.code == 1)
        #expect(run.lines.count == 4)
        #expect(run.lines[0] == #"{"file":"b.m4a","outcome":"skipped","reason":"M4A audio"}"#)
        #expect(run.lines.contains(#"{"file":"a.jpg","outcome":"stored","kind":"image"}"#))
        #expect(
            run.lines.contains {
                $0.hasPrefix(#"{"file":"c.jpg","outcome":"failed","error":"The bytes are an HTML page"#)
            })
        #expect(
            run.lines[3] == """
                {"collection":"c","stored":1,"unchanged":0,"left_out":0,"failed":1,"incomplete":0,"moved":0,"dropped":0,\
                "skipped":{"M4A audio":1},"passed_over":{}}
                """)
        #expect(run.errors.contains("sensorium: c.jpg: The bytes are an HTML page"))
        #expect(!run.errors.contains("send"))
    }

    @Test func `a sound is stored of which something is missing, and that is said`() throws {
        let speech = try Data(contentsOf: URL(filePath: audio("speech-8k-mulaw.wav")))
        for (name, bytes) in [
            ("cut.wav", speech.dropLast(1_600)), ("junk.wav", speech + Data(count: 99)), ("whole.wav", speech),
        ] {
            try bytes.write(to: photos.url(name))
        }
        let run = try index()
        #expect(run.code == 0)
        #expect(run.output == "3 sounds stored in \"c\", 2 of them not whole, nothing unchanged.\n")
        #expect(
            run.errors == """
                sensorium: cut.wav: stored, but 0.2 s of it are missing.
                sensorium: junk.wav: stored, but 99 bytes of it are neither sound nor tags.

                """)
        try FileManager.default.removeItem(at: photos.url("junk.wav"))
        try speech.dropLast(1_600).write(to: photos.url("other.wav"))
        let second = try index("--json")
        #expect(
            second.lines.dropLast() == [
                #"{"file":"cut.wav","outcome":"unchanged","kind":"audio"}"#,
                #"{"file":"whole.wav","outcome":"unchanged","kind":"audio"}"#,
                #"{"file":"other.wav","outcome":"stored","kind":"audio","missing_seconds":0.2}"#,
            ])
        let counts = #""stored":1,"unchanged":2,"left_out":0,"failed":0,"incomplete":1,"#
        #expect(second.lines.last?.contains(counts) == true)
    }

    @Test func `a folder without photos or sounds is no success`() throws {
        try photos.copy(audio("voice.m4a"), as: "b.m4a")
        let run = try index()
        #expect(run.code == 1)
        #expect(run.output == "nothing stored in \"c\", nothing unchanged, 1 skipped: 1 M4A audio.\n")
        #expect(run.errors.hasPrefix("sensorium: There is no photo and no sound in \(photos.path). Images may be JPEG"))
    }

    @Test func `files are counted by a few kinds, and none of their names commands the terminal`() throws {
        try photos.copy(CommandRun.photo, as: "a.jpg")
        for number in 1...3 { try Data("log".utf8).write(to: photos.url("log.\(number)")) }
        for letter in "abcdefghijk" { try Data("notes".utf8).write(to: photos.url("x.k\(letter)")) }
        try Data("notes".utf8).write(to: photos.url("x.\u{1B}[2J"))
        try Data("<html>".utf8).write(to: photos.url("\u{1B}[2J.jpg"))
        let run = try index()
        #expect(run.code == 1)
        let named = "abcdefghi".map { "1 .k\($0)" }.joined(separator: ", ")
        #expect(
            run.output == """
                1 photo stored in "c", nothing unchanged, 1 photo failed, 15 skipped: \
                4 file of no known kind, \(named), 2 others.

                """)
        #expect(run.errors.hasPrefix("sensorium: \u{FFFD}[2J.jpg: "))
        #expect(!run.errors.contains("\u{1B}"))
    }

    @Test func `a moved file is found once, and what is gone can be dropped`() throws {
        try photos.copy(CommandRun.photo, as: "a.jpg")
        try photos.copy(CommandRun.root.appending(path: "Tests/Fixtures/media/rocket.jpg").path, as: "b.jpg")
        #expect(try index().code == 0)
        try FileManager.default.moveItem(at: photos.url("a.jpg"), to: photos.url("renamed.jpg"))
        #expect(try index().output == "1 photo stored in \"c\", 1 photo unchanged, 1 moved.\n")
        try FileManager.default.removeItem(at: photos.url("b.jpg"))
        let run = try index("--drop-missing")
        #expect(run.output == "nothing stored in \"c\", 1 photo unchanged, 1 dropped.\n")
        let found = try CommandRun([
            "search", "--collection", "c", "--text", "a rocket", "--data", data.path, "--model", CommandRun.model,
            "--no-json",
        ])
        #expect(found.lines.count == 2 && found.output.contains("renamed.jpg"))
    }

    // MARK: How far it is

    /// A clock that is set, and what was written.
    private final class Watch: Sendable {
        let time = Mutex(ContinuousClock.now)
        let written = Mutex("")
        func line(isTerminal: Bool, columns: Int = 80) -> ProgressLine {
            ProgressLine(
                isTerminal: isTerminal, columns: { columns }, now: { [self] in time.withLock(\.self) },
                write: { [self] text in written.withLock { $0 += text } })
        }
    }

    @Test func `without a terminal a line tells now and then how far it is`() {
        let watch = Watch()
        let line = watch.line(isTerminal: false)
        for _ in 0..<25 {
            watch.time.withLock { $0 += .seconds(1) }
            line.show(IndexProgress())
        }
        line.clear()
        #expect(watch.written.withLock(\.self) == String(repeating: "sensorium: 0 of 0, 0 a second\n", count: 2))
    }

    @Test func `on a terminal one line changes, and goes`() {
        let watch = Watch()
        let line = watch.line(isTerminal: true)
        line.show(IndexProgress())
        line.clear()
        line.clear()
        let written = watch.written.withLock(\.self)
        #expect(written.hasPrefix("\r[") && written.hasSuffix("\r\u{1B}[K") && !written.contains("\n"))
    }

    @Test(arguments: [
        (52, "[\(String(repeating: "#", count: 30))] 0 of 0, 0 a second"), (51, "0 of 0, 0 a second"),
        (10, "0 of 0, 0"), (0, ""),
    ]) func `on a terminal the line stays within its row`(columns: Int, shown: String) {
        let watch = Watch()
        watch.line(isTerminal: true, columns: columns).show(IndexProgress())
        #expect(watch.written.withLock(\.self) == "\r\(shown)\u{1B}[K")
    }
}
