import Glibc
import OperatingSystem

extension ServiceConfiguration {
    /// ``usualData(_:isFolder:)`` in the words of help.
    public static let usualDataText = "./data where it is there, else ~/.local/share/sensorium"

    /// The folder of the collections where nobody names one: what systemd made for a service; `./data` where it is there already, or
    /// would be beside the source's model; else what the XDG Base Directory Specification says (decision 0228).
    ///
    /// - Parameters:
    ///   - environment: the process's variables.
    ///   - isFolder: whether there is a folder of that path.
    public static func usualData(
        _ environment: [String: String] = Environment.variables,
        isFolder: (String) -> Bool = ServiceConfiguration.isFolder
    ) -> String {
        // Several of a service are separated by colons.
        if let state = environment["STATE_DIRECTORY"]?.split(separator: ":").first { return String(state) }
        let beside = ServiceConfiguration().data
        if isFolder(beside) || isFolder(usualModel) { return beside }
        // What is no absolute path is to be passed over.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return "\(data)/sensorium" }
        if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.local/share/sensorium" }
        return beside
    }

    /// Whether there is a folder of that path.
    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
