import ArgumentParser
import CRelease
import Service
import Tensor

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() throws { try StandardOutput.print(Version.current) }
}

enum Version {
    /// The version of this program; also in openapi.yaml and the change log.
    static let current = Service.version

    /// What `--version` says: what was built, and the vector instructions that are used here.
    static var text: String {
        let others = KernelSet.available.dropFirst().map(\.name)
        return """
            sensorium \(current)
            commit: \(String(cString: sensorium_commit()))
            instructions: \(KernelSet.best.name)\(others.isEmpty ? "" : " (this processor also runs \(others.joined(separator: ", ")))")
            """
    }
}
