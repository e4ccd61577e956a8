import Dispatch
import Synchronization

/// Something that happens on one thread and is awaited on another, for at most ten minutes.
final class Event<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    func happened(_ value: Value) {
        self.value.withLock { $0 = value }
        semaphore.signal()
    }

    /// What happened, or nil if nothing did in time.
    func wait() -> Value? {
        guard semaphore.wait(timeout: .now() + 600) == .success else { return nil }
        return value.withLock { $0 }
    }
}

extension Event where Value == Bool {
    func happened() { happened(true) }
}

/// Runs `body` on a thread that is not one of the server's.
func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().async(execute: body)
}
