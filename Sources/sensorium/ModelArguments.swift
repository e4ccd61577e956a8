import ArgumentParser
import Tasks
import Tensor

/// The options of commands that compute without a server.
struct ModelArguments: ParsableArguments {
    @Option(name: .customLong("model"), help: ModelFolder.help)
    var named: String?

    /// The folder of the checkpoint.
    var model: String { named ?? ModelFolder.standard }

    @Option(help: ArgumentHelp("Compute threads; 0 takes what the cgroup grants.", valueName: "number"))
    var threads = 0

    /// The loaded model, or the failure with exit code 3.
    func load() throws(CommandFailure) -> LoadedModel {
        do {
            return try LoadedModel.load(model, threads: threads > 0 ? threads : ComputePool.availableThreads())
        } catch {
            throw ModelFolder.failure(model, error)
        }
    }
}
