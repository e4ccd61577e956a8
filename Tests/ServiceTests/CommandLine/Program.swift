import Foundation
import Testing

/// The program `sensorium`, run as a process. SwiftPM puts it beside the tests.
struct Program {
    /// What a run left.
    struct Outcome {
        let code: Int32
        let output: String
        let errors: String
    }

    static let url = URL(filePath: ("/proc/self/exe" as NSString).resolvingSymlinksInPath)
        .deletingLastPathComponent().appending(path: "sensorium")

    /// Runs it to its end, with no other variables than those given, and without collections unless they say so.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try RunningProgram(arguments, environment: environment).waitForEnd()
    }

    /// Runs it to its end with a terminal as its output, on which nobody answers; what it wrote there.
    static func runOnTerminal(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (code: Int32, output: String) {
        var (far, near): (Int32, Int32) = (-1, -1)
        try #require(openpty(&far, &near, nil, nil, nil) == 0)
        defer { close(far) }
        let running = try RunningProgram(arguments, environment: environment, terminal: near)
        close(near)
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        // Reading ends with an error once the program has closed its end.
        while case let count = read(far, &piece, piece.count), count > 0 { output += piece.prefix(count) }
        return (try running.waitForEnd().code, String(decoding: output, as: UTF8.self))
    }

    /// The checkpoint of the repository, or the one that SENSORIUM_TEST_MODEL names.
    static let model: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return ProcessInfo.processInfo.environment["SENSORIUM_TEST_MODEL"]
            ?? root.appending(path: "models/sensorium-base").path
    }()

    /// Whether that checkpoint is there.
    static let hasModel = FileManager.default.fileExists(atPath: model + "/model.safetensors.index.json")
}

/// A process of the program that may still run.
final class RunningProgram {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    private let hasTerminal: Bool
    private var errorText = ""

    /// - Parameters:
    ///   - folder: where it works; nil for where the tests do.
    ///   - terminal: takes its output; nil for a pipe.
    init(
        _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil, terminal: Int32? = nil
    ) throws {
        try #require(FileManager.default.isExecutableFile(atPath: Program.url.path), "build the program first")
        hasTerminal = terminal != nil
        process.executableURL = Program.url
        process.arguments = arguments
        // A data folder belongs to one process, and tests run side by side. No proxy has to notice that a server ends.
        process.environment = ["SENSORIUM_DATA": "off", "SENSORIUM_LAME_DUCK_SECONDS": "0"].merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        process.standardOutput = terminal.map { FileHandle(fileDescriptor: $0, closeOnDealloc: false) } ?? output
        process.standardError = errors
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    /// Reads standard error until a line contains `text`, and gives that line.
    func waitForLine(containing text: String) throws -> String {
        while true {
            let lines = errorText.split(separator: "\n", omittingEmptySubsequences: false)
            if let line = lines.dropLast().first(where: { $0.contains(text) }) { return String(line) }
            let more = errors.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the program ended before it said \"\(text)\": \(errorText)")
            errorText += String(decoding: more, as: UTF8.self)
        }
    }

    /// The address that the program says it listens on.
    func waitForAddress() throws -> String {
        let line = try waitForLine(containing: "Listening on http://")
        return try String(#require(line.firstMatch(of: /http:\/\/([0-9.:]+\d)/)).output.1)
    }

    /// The processes that it started and that still run.
    var children: [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { Self.parent(of: $0) == process.processIdentifier }
    }

    /// Whether a process has not ended.
    static func runs(_ identifier: Int32) -> Bool { parent(of: identifier) != nil }

    /// The parent of a process; nil where it ended.
    private static func parent(of identifier: Int32) -> Int32? {
        guard let stat = try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8),
            let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 1, fields[0] != "Z"
        else { return nil }
        return Int32(fields[1])
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func waitForEnd() throws -> Program.Outcome {
        // A program with a terminal has not been given the pipe, whose end is open here.
        let written = hasTerminal ? Data() : output.fileHandleForReading.readDataToEndOfFile()
        errorText += String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Program.Outcome(
            code: process.terminationStatus, output: String(decoding: written, as: UTF8.self), errors: errorText)
    }
}
