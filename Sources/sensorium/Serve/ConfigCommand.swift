import ArgumentParser
import Service

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a file of settings before a server reads it.",
        subcommands: [ConfigCheckCommand.self])
}

struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read a file of settings as sensorium serve does, and start nothing.",
        discussion: """
            Each line is a flag of sensorium serve without its dashes, an equals sign and its value, as in TOML: a text in quotes, a \
            number, true or false, or a list of texts. # begins a comment.

                host = "0.0.0.0"
                max-body = "8MiB"
                model = ["/srv/models/base", "captions=/srv/models/blip"]

            Exit code 0 where a server would start with it, 2 where something in it is wrong, which is named with its line.
            """)

    @Argument(help: ArgumentHelp("The file. (default: \(ConfigurationFile.standardPath))", valueName: "file"))
    var file: String?

    func run() throws {
        let path = file ?? ConfigurationFile.standardPath
        let file: ConfigurationFile
        do throws(Setting.Invalid) {
            file = try ConfigurationFile(path)
            _ = try ServiceConfiguration(file: file, environment: [:], flags: [:])
        } catch {
            throw CommandFailure.usage(error.description)
        }
        try StandardOutput.print("\(path): \(file.count == 1 ? "1 setting" : "\(file.count) settings"), nothing wrong.")
    }
}
