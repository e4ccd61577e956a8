import ArgumentParser
import Service

struct OptionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "options", abstract: "List every setting of `serve` with its variable and default.")

    @Flag(help: "As the Markdown table of the README.") var markdown = false

    func run() {
        guard !markdown else { return print(Setting.markdown, terminator: "") }
        for setting in Setting.table {
            let value = setting.placeholder.map { " <\($0)>" } ?? ""
            print("--\(setting.name)\(value)\n    \(setting.help)")
            print("    \(setting.variable), default: \(setting.standard ?? "off")")
        }
    }
}
