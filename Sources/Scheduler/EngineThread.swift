import Glibc
import OperatingSystem

/// A thread of its own for the engine, less urgent than the threads that serve connections.
enum EngineThread {
    /// How much less urgent (`nice`) the engine is than the rest of the process.
    static let niceness: Int32 = 10

    /// Runs `body` on a new detached thread. Returns the error number if the system has no thread to give.
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        SystemThread.start {
            // Linux keeps the nice value per thread, and 0 means the calling one. A refusal costs smoothness, not answers.
            let which = __priority_which_t(PRIO_PROCESS.rawValue)
            setpriority(which, 0, min(getpriority(which, 0) + niceness, 19))
            body()
        }
    }
}
