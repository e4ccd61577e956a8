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
                    _ = try await engine.compute(
                        job, for: RequestWork(client: "warm-up", deadline: .now + .seconds(limit)), onText: nil)
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
        if card.tasks.contains("caption") {
            jobs.append(.caption(pixels: grey(card.captionInput, engine), CaptionOptions()))
        }
        // Without a space an image is embedded by the tower that captions have warmed up.
        for input in card.embeddable where card.space != nil || jobs.isEmpty || input.kind != .image {
            if let value = value(input, engine) { jobs.append(.embed(EngineJob.Embedding(parts: [input.part: value]))) }
        }
        for head in card.heads {
            let values = head.inputs.compactMap { input in value(input, engine).map { (input.part, $0) } }
            jobs.append(
                .classify(
                    EngineJob.Question(
                        head: head.name, task: "classify", parts: Dictionary(uniqueKeysWithValues: values),
                        explains: false)))
        }
        return jobs
    }

    /// Something that a tower can take.
    private static func value(_ input: HeadInput, _ engine: some Engine) -> TowerInput? {
        switch input.kind {
        case .image, .face: .pixels(grey(input, engine))
        case .page: nil
        case .text: .text(engine.tokens(of: "a dog runs"))
        case .audio:
            // A second of silence.
            engine.card.audio.map { .mel([[Float](repeating: -1.5, count: 100 * $0.melBins)]) }
        case .features(let width, _): .features(tokens: 1, values: [Float](repeating: 0, count: width))
        }
    }

    /// A grey picture as a tower takes it.
    private static func grey(_ input: HeadInput, _ engine: some Engine) -> [Float] {
        let side = engine.card.imageSize ?? 64
        let image = PixelImage(width: side, height: side, pixels: [UInt8](repeating: 127, count: side * side * 3))
        return engine.pixels(of: image, part: nil, for: input)
    }
}
