import Foundation
import TemporaryFolders
import Testing

@testable import sensorium

@Suite struct `The model that comes with the program` {
    @Test func `is looked for where it is installed with the program, beside it, by the system and in the source`() {
        #expect(
            ModelFolder.places(of: "/opt/sensorium/bin/sensorium") == [
                "/opt/sensorium/share/sensorium/models/sensorium-base", "/opt/sensorium/bin/models/sensorium-base",
                "/usr/share/sensorium/models/sensorium-base", "models/sensorium-base",
            ])
    }

    @Test func `is looked for once where the program is the system's`() {
        #expect(
            ModelFolder.places(of: "/usr/bin/sensorium") == [
                "/usr/share/sensorium/models/sensorium-base", "/usr/bin/models/sensorium-base", "models/sensorium-base",
            ])
    }
}

@Suite struct `Commands about the program itself` {
    @Test func `say version, commit and vector instructions`() throws {
        let run = try CommandRun(["--version"])
        #expect(run.code == 0)
        #expect(run.lines.first == "sensorium \(Version.current)")
        #expect(run.lines.dropFirst().first?.hasPrefix("commit: ") == true)
        #expect(run.lines.last?.wholeMatch(of: /instructions: (avx512|avx2|portable).*/) != nil)
    }

    @Test func `check a file of settings and start nothing`() throws {
        let good = try CommandRun(["config", "check", "/dev/stdin"], before: "printf 'port = 1\\n' |")
        #expect(good.code == 2, "a pipe is no file: \(good.errors)")
        let file = CommandRun.root.appending(path: "scripts/package/sensorium.toml").path
        let packaged = try CommandRun(["config", "check", file])
        #expect(packaged.code == 0 && packaged.output.contains("nothing wrong"), "\(packaged.errors)")
        let none = try CommandRun(["config", "check", "/none.toml"])
        #expect(none.code == 2 && none.errors.contains("/none.toml cannot be read"), "\(none.errors)")
        let served = try CommandRun(["serve", "--config", "/none.toml"])
        #expect(served.code == 2 && served.errors.contains("/none.toml cannot be read"), "\(served.errors)")
    }
}

@Suite(.enabled(if: (try? CommandRun(["--version"], before: "command -v python3 >/dev/null || exit 1"))?.code == 0))
struct `Pages of the manual` {
    /// The commands that --help lists, each with the options that its own help lists.
    @Test func `are made of what --help says`() throws {
        let folder = try TemporaryFolder()
        let script = CommandRun.root.appending(path: "scripts/package/manual.py").path
        let made = try CommandRun(
            [], before: "SOURCE_DATE_EPOCH=0 python3 \(script) \"$0\" \(folder.path) || exit 1")
        #expect(made.code == 0, "\(made.errors)")
        for command in ["serve", "caption", "index", "config check"] {
            let help = try CommandRun(command.split(separator: " ").map(String.init) + ["--help"]).output
            let page = try String(
                contentsOf: folder.url("sensorium-\(command.replacing(" ", with: "-")).1"), encoding: .utf8)
            for option in help.matches(of: /\n +--([a-z-]+)/).map(\.output.1) where option != "version" {
                #expect(page.contains("\\-\\-" + option.replacing("-", with: "\\-")), "\(command) --\(option)")
            }
        }
    }
}
