import ArgumentParser
import Foundation

@main
struct Sensorium: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sensorium",
        abstract: "A multimodal network behind HTTP, on CPU.",
        discussion: """
            Serve a checkpoint:      sensorium serve --model models/sensorium-base
            Ask it:                  curl -F image=@dog.jpg http://127.0.0.1:8080/v1/caption
            Without a server:        sensorium caption dog.jpg
                                     sensorium ask dog.jpg "what is the dog doing?"
                                     sensorium emotion --image face.jpg --audio voice.wav

            Exit codes: 0 done, 1 the work failed, 2 wrong usage, 3 the model could not be loaded, 4 the address could not \
            be bound, 5 the data folder could not be had, 130 interrupted.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, DecodeWorkerCommand.self, CaptionCommand.self, AskCommand.self, EmotionCommand.self,
            EmbedCommand.self, IndexCommand.self, SearchCommand.self, CollectionsCommand.self, InspectCommand.self,
            TokenizeCommand.self, BenchCommand.self, OptionsCommand.self, VersionCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(error)
        }
    }

    /// Says what went wrong on standard error and ends with the code for it.
    private static func end(_ error: any Error) -> Never {
        if let failure = error as? CommandFailure {
            StandardError.write("sensorium: \(failure.sentence)")
            Foundation.exit(failure.code)
        }
        let code = exitCode(for: error)
        guard code != .success else {
            print(fullMessage(for: error))
            Foundation.exit(0)
        }
        let isUsage = code == .validationFailure
        StandardError.write(isUsage ? fullMessage(for: error) : "sensorium: \(error)")
        Foundation.exit(isUsage ? 2 : code == .failure ? 1 : code.rawValue)
    }
}

/// Why a command ends with another code than 0.
struct CommandFailure: Error {
    /// The exit code.
    let code: Int32
    /// What went wrong and what to do.
    let sentence: String

    /// The work failed.
    static func failed(_ sentence: String) -> CommandFailure { CommandFailure(code: 1, sentence: sentence) }
    /// Wrong usage.
    static func usage(_ sentence: String) -> CommandFailure { CommandFailure(code: 2, sentence: sentence) }
    /// The model could not be loaded.
    static func model(_ sentence: String) -> CommandFailure { CommandFailure(code: 3, sentence: sentence) }
    /// The address could not be bound.
    static func address(_ sentence: String) -> CommandFailure { CommandFailure(code: 4, sentence: sentence) }
    /// The data folder is in use, or cannot be read.
    static func data(_ sentence: String) -> CommandFailure { CommandFailure(code: 5, sentence: sentence) }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() { print(Version.current) }
}

enum Version {
    /// The version of this program; also in openapi.yaml and the change log.
    static let current = "0.1.0"
}
