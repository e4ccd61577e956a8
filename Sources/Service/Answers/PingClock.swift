import Dispatch
import Synchronization

/// Calls something again and again while an answer is waited for.
struct PingClock: Sendable {
    /// Seconds between two calls.
    let interval: Double

    /// Calls `ping` after each interval, until stopped.
    func start(_ ping: @escaping @Sendable () -> Void) -> Pinging {
        Pinging(interval: interval, ping)
    }
}

/// Calls that go on until stopped.
final class Pinging: Sendable {
    private let timer: Mutex<(any DispatchSourceTimer)?>

    fileprivate init(interval: Double, _ ping: @escaping @Sendable () -> Void) {
        let timer = DispatchSource.makeTimerSource(queue: Self.queue)
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.setEventHandler(handler: ping)
        timer.resume()
        self.timer = Mutex(timer)
    }

    /// No call begins after this.
    func stop() {
        timer.withLock { timer in
            timer?.cancel()
            timer = nil
        }
    }

    private static let queue = DispatchQueue(label: "sensorium.pings")
}
