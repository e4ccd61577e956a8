import HTTP
import Scheduler
import Tasks

/// Sends a text while it is written, and at the end the whole answer.
struct TextStream: Sendable {
    let pings: PingClock
    /// Whether it may be told word by word.
    var isTold = true

    /// Has a job computed for a request and streams what it writes.
    /// - Parameter answer: makes the answer of what the job gave.
    func send(
        _ job: EngineJob, for request: Request, _ engine: any Engine,
        _ answer: (EngineOutput, JobTiming) async throws -> HTTPResponse
    ) async -> Reply {
        let events = EventStream(request)
        let pinging = pings.start { events.ping() }
        defer { events.end() }
        do {
            let isTold = isTold
            let (output, timing) = try await engine.compute(job, for: request.work) { text in
                if isTold { events.token(text) }
            }
            pinging.stop()
            events.result(try await answer(output, timing).body)
        } catch {
            pinging.stop()
            events.fail(request.problem(for: error))
        }
        return .streamed
    }
}
