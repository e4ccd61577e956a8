import ArgumentParser
import Service

struct OptionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "options", abstract: "List every setting of `serve` with its variable and default.")

    @Flag(help: "As the Markdown table of the README.") var markdown = false

    func run() throws {
        guard !markdown else { return try StandardOutput.write(Array(Setting.markdown.utf8)) }
        for setting in Setting.table {
            let value = setting.valueName.map { " <\($0)>" } ?? ""
            try StandardOutput.print("--\(setting.name)\(value)\n    \(setting.help)")
            try StandardOutput.print("    \(setting.variable), default: \(setting.standard ?? "off")")
        }
    }
}
