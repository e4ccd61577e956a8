import ArgumentParser
import Decoders
import Glibc

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
            be bound, 5 the data folder could not be had. A signal ends as a shell shows it: 130 interrupted, 141 where whoever \
            read the results went away.
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, DecodeWorkerCommand.self, CaptionCommand.self, AskCommand.self, ReadCommand.self,
            TranscribeCommand.self, EmotionCommand.self, EmbedCommand.self, IndexCommand.self, SearchCommand.self,
            CollectionsCommand.self,
            PullCommand.self, InspectCommand.self, TokenizeCommand.self, BenchCommand.self, OptionsCommand.self,
            HealthCommand.self, ConfigCommand.self, VersionCommand.self,
        ])

    static func main() {
        DescriptorWriting.occupyStandardDescriptors()
        let arguments = CommandLineText.arguments()
        // A decoder prints nothing, and may soon make no calls about signals any more.
        if arguments.first != DecoderWorker.command { Interruption.prepare() }
        do {
            try RepeatedOptions.check(arguments)
            var command = try parseAsRoot(arguments)
            try command.run()
            try StandardOutput.finish()
        } catch {
            end(error)
        }
    }

    /// Says what went wrong on standard error and ends with the code for it.
    private static func end(_ error: any Error) -> Never {
        if let failure = error as? CommandFailure { end(failure) }
        let code = exitCode(for: error)
        guard code != .success else {
            // Help, or the version: no error, but what was asked for.
            do {
                try StandardOutput.print(Self.message(error))
                try StandardOutput.finish()
            } catch {
                end(error)
            }
            Glibc.exit(0)
        }
        let isUsage = code == .validationFailure
        StandardError.write(isUsage ? fullMessage(for: error) : "sensorium: \(error)")
        Glibc.exit(isUsage ? 2 : code == .failure ? 1 : code.rawValue)
    }

    /// What ArgumentParser says, without the empty lines around it.
    private static func message(_ error: any Error) -> String {
        var text = fullMessage(for: error).drop(while: \.isNewline)
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }

    private static func end(_ failure: CommandFailure) -> Never {
        StandardError.write("sensorium: \(failure.sentence)")
        Glibc.exit(failure.code)
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
