import ArgumentParser
import Foundation
import Tasks
import Tensor

/// The options of commands that compute without a server.
struct ModelArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Folder of the checkpoint. (SENSORIUM_MODEL)", valueName: "folder"))
    var model = ProcessInfo.processInfo.environment["SENSORIUM_MODEL"] ?? "models/sensorium-base"

    @Option(help: ArgumentHelp("Compute threads; 0 takes what the cgroup grants.", valueName: "number"))
    var threads = 0

    /// The loaded model, or the failure with exit code 3.
    func load() throws(CommandFailure) -> LoadedModel {
        do {
            return try LoadedModel.load(model, threads: threads > 0 ? threads : ComputePool.availableThreads())
        } catch {
            throw .model("\(error)")
        }
    }
}

/// The bytes of a file, or a failure that names it.
func readFile(_ path: String) throws(CommandFailure) -> [UInt8] {
    do {
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
        throw .failed("The file \(path) cannot be read: \(error.localizedDescription)")
    }
}
