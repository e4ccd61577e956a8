import Dispatch
import Media
import Scheduler
import Synchronization
import Tasks

/// The first computation of a loaded model, after which it is known to work and its memory is in place.
enum WarmUp {
    /// The model computed nothing in the time given.
    struct Stalled: Error, CustomStringConvertible {
        var description: String { "The model was loaded, but its warm-up did not end within \(limit) seconds." }
    }

    private static let limit = 60

    /// Has the engine compute what it can, on a grey picture and a short text. Blocks; throws what went wrong.
    static func run(_ engine: some Engine, on executor: RequestExecutor) throws {
        let failure = Mutex<(any Error)?>(Stalled())
        let done = DispatchSemaphore(value: 0)
        let jobs = jobs(engine)
        let work = Task(executorPreference: executor) {
            do {
                for job in jobs {
                    _ = try await engine.compute(job, before: .now + .seconds(limit), onText: nil)
                }
                failure.withLock { $0 = nil }
            } catch {
                failure.withLock { $0 = error }
            }
            done.signal()
        }
        if done.wait(timeout: .now() + .seconds(limit)) == .timedOut { work.cancel() }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    private static func jobs(_ engine: some Engine) -> [EngineJob] {
        var jobs: [EngineJob] = []
        let card = engine.card
        if let side = card.imageSize {
            let grey = PixelImage(
                width: side, height: side, pixels: [UInt8](repeating: 127, count: side * side * 3))
            let pixels = engine.pixels(of: grey)
            jobs.append(
                card.tasks.contains("caption")
                    ? .caption(pixels: pixels, CaptionOptions()) : .embedImage(pixels: pixels))
        }
        if card.textDimensions != nil { jobs.append(.embedText(engine.tokens(of: "a dog runs"))) }
        return jobs
    }
}
