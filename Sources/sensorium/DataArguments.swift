import ArgumentParser
import OperatingSystem
import Retrieval
import Service

/// The option of commands that work on a data folder.
struct DataArguments: ParsableArguments {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp(
            "Folder of the collections. (SENSORIUM_DATA; default: \(ServiceConfiguration.usualDataText))",
            valueName: "folder"))
    var named: String?

    /// The folder of the collections.
    var data: String { named ?? Self.standard }

    /// The folder that is meant where none is named.
    static var standard: String { Environment.value("SENSORIUM_DATA") ?? ServiceConfiguration.usualData() }

    /// Opens and loads it, or ends with exit code 5.
    func open(advice: String = "") throws(CommandFailure) -> CollectionStore {
        do throws(RetrievalError) {
            let store = try CollectionStore(folder: data, threads: 1)
            if let notice = store.notice { StandardError.write("sensorium: \(notice)") }
            try store.load()
            return store
        } catch {
            if case .folderInUse = error { throw .data(error.description + advice) }
            throw .data(error.description)
        }
    }
}
