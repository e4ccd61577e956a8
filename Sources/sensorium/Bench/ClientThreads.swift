import Dispatch
import OperatingSystem

/// Threads that each play one client.
enum ClientThreads {
    /// Runs `body` on so many threads and waits for all of them.
    static func run(_ count: Int, _ body: @escaping @Sendable (_ number: Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            SystemThread.start(stackBytes: 512 << 10) {
                body(number)
                group.leave()
            }
        }
        group.wait()
    }
}
