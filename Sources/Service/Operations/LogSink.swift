import Dispatch
import Glibc
import Synchronization

/// Writes log lines to a file descriptor, on a thread of its own.
///
/// Whoever logs only appends to memory. If the reader is slower than the writers for long, lines are dropped rather than requests
/// held up, and the log says how many.
public final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    /// How its lines look.
    public let style: LogStyle
    private let descriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "sensorium.log")

    /// A sink for a descriptor that stays open as long as the sink is used.
    ///
    /// - Parameters:
    ///   - style: how lines look.
    ///   - descriptor: standard error by default.
    ///   - capacity: most bytes that wait to be written. Default: 1 MiB.
    public init(_ style: LogStyle, descriptor: Int32 = STDERR_FILENO, capacity: Int = 1 << 20) {
        self.style = style
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// Adds a line; never waits for the reader.
    public func write(_ line: LogLine) {
        let bytes = line.bytes(style)
        let mustStart = state.withLock { state in
            if state.pending.count + bytes.count <= capacity {
                state.pending += bytes
            } else {
                state.dropped += 1
            }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Waits until what was added before is written; false if the reader did not take it in time.
    @discardableResult public func flush(within limit: Duration = .seconds(1)) -> Bool {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        return done.wait(timeout: .now() + limit.inSeconds) == .success
    }

    private func drain() {
        while true {
            let (bytes, dropped) = state.withLock { state in
                let taken = (state.pending, state.dropped)
                state.pending = []
                state.dropped = 0
                state.isWriting = !taken.0.isEmpty || taken.1 > 0
                return taken
            }
            if bytes.isEmpty, dropped == 0 { return }
            writeAll(bytes)
            if dropped > 0 {
                let line = LogLine(
                    "warning", "log lines were dropped, because they were not read fast enough",
                    fields: [("dropped", .count(dropped))])
                writeAll(line.bytes(style))
            }
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Someone made the descriptor non-blocking, as terminals shared with another program sometimes are.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
            } else if errno != EINTR {
                // Nobody reads any more, and there is nowhere else to say so.
                return
            }
        }
    }
}
