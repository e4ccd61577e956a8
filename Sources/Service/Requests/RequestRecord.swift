import Synchronization

/// What becomes known of one request on its way, for the journal.
final class RequestRecord: Sendable {
    private struct State {
        var problem: ProblemCode?
        var bytesReceived = 0
        var stages: [(name: String, duration: Duration)] = []
    }

    private let entry: AccessLogEntry
    private let received = ContinuousClock.now
    private let state = Mutex(State())

    /// - Parameter entry: what is known from the beginning.
    init(_ entry: AccessLogEntry) { self.entry = entry }

    /// The problem that was answered.
    func refused(_ code: ProblemCode) {
        state.withLock { $0.problem = code }
    }

    /// Bytes of the body that came in.
    func received(_ bytes: Int) {
        state.withLock { $0.bytesReceived += bytes }
    }

    /// Where the time went.
    func took(_ timing: AnswerTiming) {
        state.withLock { $0.stages = timing.stages }
    }

    /// The line of the access log, once the answer is sent.
    func entry(status: Int?, bytesSent: Int) -> AccessLogEntry {
        var entry = entry
        entry.status = status
        entry.bytesSent = bytesSent
        entry.total = received.duration(to: .now)
        state.withLock { state in
            entry.problem = state.problem?.rawValue
            entry.bytesReceived = state.bytesReceived
            entry.stages = state.stages
        }
        return entry
    }
}
