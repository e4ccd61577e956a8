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
        if let input = card.captionInput, let image = value(input) {
            jobs.append(.generate(.caption(image: image, GenerationOptions(maxTokens: 2))))
        } else if let input = card.answeredInput, let image = value(input) {
            jobs.append(.generate(.answer(image: image, question: "what is it?", GenerationOptions(maxTokens: 2))))
        }
        if let input = card.transcribedInput, let sound = value(input) {
            jobs.append(.generate(.transcript(of: sound, TranscriptionOptions(timestamps: .none))))
        }
        // Without a space an image is embedded by the tower that captions have warmed up.
        for input in card.embeddable where card.space != nil || jobs.isEmpty || input.kind != .image {
            if let value = value(input) { jobs.append(.embed(EmbeddingQuery(parts: [input.part: value]))) }
        }
        if let zeroShot = card.zeroShot, let input = value(zeroShot.input) {
            let texts = ["a dog", "a cat"].map(zeroShot.text.encode)
            jobs.append(.zeroShot(ZeroShotQuestion(input: input, texts: texts)))
        }
        for head in card.heads {
            let values = head.inputs.compactMap { input in value(input).map { (input.part, $0) } }
            jobs.append(
                .classify(
                    HeadQuestion(head: head.name, parts: Dictionary(uniqueKeysWithValues: values)), task: "classify"))
        }
        return jobs
    }

    /// Something that a tower can take.
    private static func value(_ input: PartSpec) -> ModelInput? {
        switch input.preparation {
        case .image(let picture), .face(let picture):
            let side = picture.leastSide
            // A grey one.
            let image = PixelImage(width: side, height: side, pixels: [UInt8](repeating: 127, count: side * side * 3))
            return picture.input(image)
        case .page: return nil
        case .text(let text): return .text(text.encode("a dog runs"))
        // A second of sound: silence is not computed with by every model.
        case .sound(let sound):
            let count = max(sound.sampleRate, sound.leastSamples)
            return sound.input(of: (0..<count).map { $0 % 2 == 0 ? 0.1 : -0.1 })
        case .features(let width, _): return .features(tokens: 1, values: [Float](repeating: 0, count: width))
        }
    }
}
