import Dispatch
import Testing

/// Holds a thread until the test lets it go on.
final class Gate: Sendable {
    private let arrived = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    /// Says that it is here and waits to be let through once.
    func pass() {
        arrived.signal()
        if opened.wait(timeout: .now() + 600) == .timedOut { Issue.record("the gate was never opened") }
    }

    /// Waits until somebody is at the gate.
    func waitForArrival() {
        if arrived.wait(timeout: .now() + 600) == .timedOut { Issue.record("nobody came to the gate") }
    }

    /// Lets so many through, those that have not come yet included.
    func open(_ count: Int = 1) {
        for _ in 0..<count { opened.signal() }
    }
}
