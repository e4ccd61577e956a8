import Foundation
import TemporaryFolders
import Testing

/// Every command that prints: what it cannot write is an error, and a reader that leaves is none.
@Suite struct `What is written` {
    private let photos: TemporaryFolder
    private let data: TemporaryFolder

    init() throws {
        photos = try TemporaryFolder()
        data = try TemporaryFolder()
        try photos.copy(CommandRun.photo, as: "coffee.jpg")
    }

    /// Commands with what they print, at least, when all is well.
    private static let commands: [[String]] = [
        ["--help"], ["--version"], ["version"], ["help", "caption"], ["caption", "--help"], ["options"],
        ["options", "--markdown"], ["collections"], ["bench", "hostile", "--list"],
        ["bench", "store", "--data", "DATA", "--items", "8", "--writers", "1"],
        ["bench", "search", "--items", "1000", "--queries", "2"],
        ["bench", "tower", "--model", "MODEL", "--repeats", "1"],
        ["collections", "check", "--data", "DATA"], ["collections", "repair", "--data", "DATA"],
        ["inspect", "MODEL"], ["inspect", "MODEL", "--tensors"],
        ["inspect", "MODEL", "--image", "PHOTO", "--first-step"], ["tokenize", "--model", "MODEL"],
        ["caption", "PHOTO", "--model", "MODEL"], ["caption", "PHOTO", "--json", "--model", "MODEL"],
        ["ask", "PHOTO", "what is this?", "--model", "MODEL"],
        ["ask", "PHOTO", "what is this?", "--json", "--model", "MODEL"],
        ["emotion", "--text", "oh no", "--model", "MODEL"],
        ["emotion", "--text", "oh no", "--json", "--model", "MODEL"], ["embed", "--text", "a dog", "--model", "MODEL"],
        indexing, ["search", "--collection", "c", "--text", "a dog", "--data", "DATA", "--model", "MODEL"],
        ["search", "--collection", "c", "--text", "a dog", "--no-json", "--data", "DATA", "--model", "MODEL"],
    ]

    private static let indexing = [
        "index", "PHOTOS", "--collection", "c", "--data", "DATA", "--model", "MODEL",
    ]

    private func arguments(_ command: [String]) -> [String] {
        let places = [
            "DATA": data.path, "MODEL": CommandRun.model, "PHOTO": CommandRun.photo, "PHOTOS": photos.path,
        ]
        return command.map { places[$0] ?? $0 }
    }

    private func prepare(_ command: [String]) throws {
        if command[0] == "search" { try CommandRun(arguments(Self.indexing)) }
    }

    @Test(arguments: commands) func `is an error on a full disk`(_ command: [String]) throws {
        try prepare(command)
        let run = try CommandRun(arguments(command), input: Data("a dog\n".utf8), to: .file("/dev/full"))
        #expect(run.code == 1)
        #expect(
            run.errors.hasSuffix(
                "sensorium: The results cannot be written to standard output: No space left on device.\n"))
    }

    @Test(arguments: commands, [":", "trap '' PIPE"])
    func `ends quietly where the reader has gone`(_ command: [String], _ before: String) throws {
        try prepare(command)
        let run = try CommandRun(arguments(command), before: before, input: Data("a dog\n".utf8), to: .unread)
        #expect(run.code == 128 + SIGPIPE)
        #expect(!run.errors.contains("cannot be written"))
    }

    @Test(arguments: commands) func `is whole, and ends with a line`(_ command: [String]) throws {
        try prepare(command)
        let run = try CommandRun(arguments(command), input: Data("a dog\n".utf8))
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.hasSuffix("\n") && !run.output.hasSuffix("\n\n"))
    }

    @Test func `does not go to a file that took the place of a closed descriptor`() throws {
        let run = try CommandRun(arguments(["collections", "check", "--data", "DATA"]), to: .closed)
        #expect(run.code == 1)
        #expect(run.errors == "sensorium: The results cannot be written to standard output: it is closed.\n")
    }

    @Test func `is done without messages where those cannot be written`() throws {
        let run = try CommandRun(
            arguments(["caption", "/nowhere", "PHOTO", "--model", "MODEL"]), before: "exec 2>/dev/full")
        #expect(run.code == 1 && run.lines.count == 1)
    }

    // MARK: Signals

    /// A program that writes a line of many times what a pipe holds; started by one that ignores SIGHUP, or not.
    private func writer(ignoring: Bool = false) throws -> (process: Process, output: FileHandle) {
        let text = Array(repeating: "dog", count: 200_000).joined(separator: " ") + "\n"
        try Data(text.utf8).write(to: data.url("input"))
        let process = Process()
        let pipe = Pipe()
        // Signals as they are at a shell, whatever this test was started with.
        process.executableURL = URL(filePath: "/usr/bin/perl")
        process.arguments = [
            "-MPOSIX", "-e",
            "sigprocmask(SIG_SETMASK, POSIX::SigSet->new); $SIG{TERM} = 'DEFAULT'; $SIG{HUP} = shift; exec @ARGV",
            ignoring ? "IGNORE" : "DEFAULT", CommandRun.program.path, "tokenize", "--model", CommandRun.model,
        ]
        process.environment = [:]
        process.standardInput = try FileHandle(forReadingFrom: data.url("input"))
        process.standardOutput = pipe
        try process.run()
        return (process, pipe.fileHandleForReading)
    }

    @Test func `is not cut by a signal`() throws {
        let (process, output) = try writer()
        // When the first piece is there the rest waits for a reader.
        var text = output.availableData
        kill(process.processIdentifier, SIGTERM)
        text += try output.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
        #expect(text.last == UInt8(ascii: "\n"))
        #expect(text.count { $0 == UInt8(ascii: " ") } == 200_001)
    }

    @Test func `keeps nobody waiting who interrupts twice`() throws {
        let (process, output) = try writer()
        _ = output.availableData
        // Signals that come together count once, so they are sent until it ends.
        let end = ContinuousClock.now + .seconds(60)
        while process.isRunning, .now < end {
            kill(process.processIdentifier, SIGTERM)
            sched_yield()
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGTERM)
    }

    @Test func `goes on where interruptions are ignored`() throws {
        let (process, output) = try writer(ignoring: true)
        var text = output.availableData
        kill(process.processIdentifier, SIGHUP)
        text += try output.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        #expect(text.last == UInt8(ascii: "\n"))
    }
}
