import Foundation
import TemporaryFolders
import Testing

/// The program, run as a stranger runs it: another process, with nothing in its environment.
struct CommandRun {
    /// Where its standard output leads.
    enum Output {
        /// To this test.
        case kept
        /// To a file such as /dev/full.
        case file(String)
        /// To a pipe that nobody reads any more.
        case unread
        /// Nowhere: whoever starts it has closed the descriptor.
        case closed
    }

    /// Its exit code; where a signal ended it, what a shell makes of that: 128 and the signal's number.
    let code: Int32
    /// What it wrote to standard output.
    let output: String
    /// What it wrote to standard error.
    let errors: String

    /// Of the repository, which has the model and the pictures.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// The program itself.
    static let program = URL(filePath: ("/proc/self/exe" as NSString).resolvingSymlinksInPath)
        .deletingLastPathComponent().appending(path: "sensorium")
    /// A photo.
    static let photo = root.appending(path: "Tests/Fixtures/media/coffee.jpg").path
    /// A voice.
    static let voice = root.appending(path: "Tests/Fixtures/media/audio/voice.flac").path
    /// The model of the repository.
    static let model = root.appending(path: "models/sensorium-base").path

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - before: shell commands before it, such as `trap "" PIPE`, or one whose output it reads, `cat x |`.
    ///   - input: its standard input.
    ///   - folder: where it runs; the root of the file system if nothing is said.
    @discardableResult init(
        _ arguments: [String], before: String = ":", input: Data = Data(), to output: Output = .kept,
        folder: String = "/", environment: [String: String] = [:]
    ) throws {
        let space = try TemporaryFolder()
        try input.write(to: space.url("input"))
        for name in ["output", "errors"] { try Data().write(to: space.url(name)) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let closing = if case .closed = output { " >&-" } else { "" }
        let script = before + (before.hasSuffix("|") ? "" : ";") + " exec \"$0\" \"$@\"" + closing
        process.arguments = ["-c", script, Self.program.path] + arguments
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = environment
        process.standardInput = try FileHandle(forReadingFrom: space.url("input"))
        process.standardError = try FileHandle(forWritingTo: space.url("errors"))
        switch output {
        case .kept, .closed: process.standardOutput = try FileHandle(forWritingTo: space.url("output"))
        case .file(let path): process.standardOutput = try FileHandle(forWritingTo: URL(filePath: path))
        case .unread:
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            process.standardOutput = pipe
        }
        try process.run()
        process.waitUntilExit()
        code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        self.output = try String(decoding: Data(contentsOf: space.url("output")), as: UTF8.self)
        errors = try String(decoding: Data(contentsOf: space.url("errors")), as: UTF8.self)
    }

    /// The lines of its standard output.
    var lines: [String] { output.split(separator: "\n").map(String.init) }
}
