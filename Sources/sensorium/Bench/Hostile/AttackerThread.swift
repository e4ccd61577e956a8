import Dispatch
import Glibc
import OperatingSystem

/// A thread that plays an attacker, with the least priority there is.
///
/// Who attacks sends from elsewhere, and neither takes the processors that the server works on nor delays what others send. In
/// a measurement all are on one machine.
enum AttackerThread {
    /// Begins `attack`; gives what is signalled when it has ended.
    static func start(_ attack: @escaping @Sendable () -> Void) -> DispatchSemaphore {
        let ended = DispatchSemaphore(value: 0)
        SystemThread.start {
            // Linux keeps it per thread.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            attack()
            ended.signal()
        }
        return ended
    }
}
