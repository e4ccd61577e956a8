import Foundation
import TemporaryFolders
import Testing

@testable import Service

@Suite struct `Reading commands from a document` {
    @Test func `commands are the lines of indented blocks, behind a prompt where there is one`() {
        let commands = DocumentCommands(
            """
            Text with curl in it.

                curl http://a
                sensorium index x   # why

            More:

                $ curl http://b
                {"status":422}

                $ make run
                not: sensorium serve
                int main() {}

            1. curl, listed
            """
        ).commands
        #expect(commands.map(\.line) == ["curl http://a", "sensorium index x   # why", "curl http://b", "make run"])
        #expect(commands.map(\.shown) == ["", "", "{\"status\":422}\n", "not: sensorium serve\nint main() {}\n"])
    }
}

/// Every command of the README and of the guides to collections and search does what the document says, in a folder with
/// files of the names that it uses, and with a server.
@Suite(.serialized) struct `Commands of the documents` {
    @Test(.enabled(if: Program.hasModel), arguments: ["README.md", "docs/guides/collections.md"])
    func `every command works with the shipped checkpoint`(_ name: String) throws {
        try Self.run(name, model: Program.model)
    }

    @Test func `every command of the guide to search works with a checkpoint that can do all of it`() throws {
        let model = Workplace.repository.appending(path: "Tests/Fixtures/space").path
        try Self.run("docs/guides/search-your-photos-by-sound.md", model: model)
    }

    private static func run(_ name: String, model: String) throws {
        let commands = DocumentCommands(
            try String(contentsOf: Workplace.repository.appending(path: name), encoding: .utf8)
        ).commands
        #expect(commands.count > 8, "\(name) has lost its commands")
        let workplace = try Workplace(model: model)
        for command in commands where workplace.canServe(command.line) {
            let outcome = try workplace.run(command.line)
            if let status = command.shown.firstMatch(of: /"status":(4\d\d)/)?.output.1 {
                #expect(outcome.output.contains("\"status\":\(status)"), "\(command.line): \(outcome.output)")
            } else {
                #expect(outcome.code == 0, "\(command.line): \(outcome.output) \(outcome.errors)")
            }
        }
    }

    @Test func `the README lists the commands of the program`() throws {
        let readme = try String(contentsOf: Workplace.repository.appending(path: "README.md"), encoding: .utf8)
        let list = try #require(readme.firstMatch(of: /`sensorium --help` lists the commands: ([^.]+)/)).output.1
        let named = list.matches(of: /`([a-z]+)`/).map { String($0.output.1) }
        let help = try Program.run(["--help"]).output
        let section = try #require(help.range(of: "SUBCOMMANDS:"))
        let known = help[section.upperBound...].matches(of: #/\n  ([a-z]+)  /#).map { String($0.output.1) }
        #expect(Set(named) == Set(known).subtracting(["version"]))
    }
}

/// A folder as the documents suppose it: files of the names that they use, the programs that they call, and a server.
private final class Workplace {
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private let folder: TemporaryFolder
    private let server: RunningProgram
    private let address: String
    private let configuration: String
    private let model: String

    init(model: String) throws {
        self.model = model
        folder = try TemporaryFolder()
        let path = folder.path
        let files = FileManager.default
        for name in ["bin", "home/Pictures/summer", ".build/release"] {
            try files.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }
        for (name, fixture) in [
            ("dog.jpg", "chelsea.jpg"), ("cat.jpg", "chelsea.jpg"), ("face.jpg", "astronaut.jpg"),
            ("sketch.png", "chelsea-260.png"), ("voice.wav", "audio/speech-8k-alaw.wav"),
            ("barking.ogg", "audio/voice.ogg"), ("home/Pictures/coffee.jpg", "coffee.jpg"),
            ("home/Pictures/summer/cat.png", "chelsea-260.png"), ("home/Pictures/summer/talk.ogg", "audio/voice.ogg"),
        ] {
            try files.copyItem(atPath: Photo.folder.appending(path: fixture).path, toPath: "\(path)/\(name)")
        }
        for name in ["Tests", "examples", "models", "Makefile"] {
            try files.createSymbolicLink(
                atPath: "\(path)/\(name)", withDestinationPath: Self.repository.appending(path: name).path)
        }
        for name in ["bin/sensorium", ".build/release/sensorium"] {
            try files.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: Program.url.path)
        }
        // A refusal is a failure, which plain curl does not say.
        try "#!/bin/sh\nexec /usr/bin/curl -sS --fail-with-body \"$@\"\n".write(
            toFile: path + "/bin/curl", atomically: true, encoding: .utf8)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/bin/curl")
        configuration = try String(contentsOfFile: model + "/config.json", encoding: .utf8)
        server = try RunningProgram(
            ["serve", "--model", model, "--port", "0", "--data", path + "/served"], in: path)
        address = try server.waitForAddress()
        _ = try server.waitForLine(containing: "Ready")
    }

    deinit { server.signal(SIGKILL) }

    /// Whether the checkpoint has what a command asks for: one of an older training may lack some of it.
    func canServe(_ command: String) -> Bool {
        let needs = [("view", "\"views\""), ("explain", "\"concepts\""), ("/classify/sound", "\"sound\"")]
        return needs.allSatisfy { !command.contains($0.0) || configuration.contains($0.1) }
    }

    /// Runs a line as a shell does, with the server's address in place of the documents' one. `make` only says what it would
    /// do: it builds, and this is built.
    func run(_ line: String) throws -> Program.Outcome {
        let line = line.replacing("127.0.0.1:8080", with: address).replacing(#/^make /#, with: "make -n ")
        let shell = Process()
        let (output, errors) = (Pipe(), Pipe())
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", line]
        shell.currentDirectoryURL = URL(filePath: folder.path)
        shell.environment = [
            "PATH": "\(folder.path)/bin:/usr/bin:/bin", "HOME": folder.path + "/home", "SENSORIUM_MODEL": model,
        ]
        shell.standardOutput = output
        shell.standardError = errors
        try shell.run()
        let written = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        return Program.Outcome(
            code: shell.terminationStatus, output: String(decoding: written, as: UTF8.self),
            errors: String(decoding: said, as: UTF8.self))
    }
}
