import Dispatch
import Foundation

/// Threads that each play one client.
enum ClientThreads {
    /// Runs `body` on so many threads and waits for all of them.
    static func run(_ count: Int, _ body: @escaping @Sendable (_ number: Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread {
                body(number)
                group.leave()
            }
            thread.stackSize = 512 << 10
            thread.start()
        }
        group.wait()
    }
}
