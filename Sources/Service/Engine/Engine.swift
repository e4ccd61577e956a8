import Media
import Networks
import Scheduler
import Synchronization
import Tasks

/// What the routes ask of a model. They know neither batches nor threads.
protocol Engine: AnyObject, Sendable {
    /// What the model is and can do.
    var card: ModelCard { get }
    /// The faces in an image, the largest first; nil for a model that does not look for faces. Takes long.
    func faces(in image: PixelImage) -> [FaceBox]?
    /// What is wrong with options for this model, before any image is decoded.
    func validate(_ options: GenerationOptions) throws
    /// The same of options of a transcript.
    func validate(_ options: TranscriptionOptions) throws
    /// For each vector of the model's space the phrase nearest to it; empty for a model without phrases.
    func concepts(nearest vectors: [[Float]]) -> [Concept]
    /// Has a job computed. Cancelling the calling task takes the job out of its queue, or its batch at the next step.
    ///
    /// - Parameters:
    ///   - work: for whom it is and until when; it is told what the job costs.
    ///   - onText: called with each piece of a caption that became final, before the output is there.
    /// - Throws: `SchedulerError`, or the model's own error.
    func compute(
        _ job: EngineJob, for work: RequestWork, onText: (@Sendable (String) -> Void)?
    ) async throws -> (output: EngineOutput, timing: JobTiming)
    /// What each client has had of the processors, for what is done for it before a job is computed.
    var ledger: any ProcessorLedger { get }
}

/// A model behind the scheduler, which computes for all of them.
final class ScheduledEngine: Engine {
    let card: ModelCard
    private let model: any Model
    private let scheduler: Scheduler<ModelWorker>

    /// - Parameter name: under which it is served.
    init(_ model: any Model, name: String, scheduler: Scheduler<ModelWorker>) {
        self.model = model
        var card = model.card
        card.name = name
        self.card = card
        self.scheduler = scheduler
        scheduler.add(EngineJob.policies(of: name))
    }

    func faces(in image: PixelImage) -> [FaceBox]? { (model as? any FaceFindingModel)?.faces(in: image) }

    func validate(_ options: GenerationOptions) throws { try (model as? any GeneratingModel)?.validate(options) }

    func validate(_ options: TranscriptionOptions) throws { try (model as? any GeneratingModel)?.validate(options) }

    func concepts(nearest vectors: [[Float]]) -> [Concept] {
        (model as? any EmbeddingModel)?.concepts(nearest: vectors) ?? []
    }

    func compute(
        _ job: EngineJob, for work: RequestWork, onText: (@Sendable (String) -> Void)?
    ) async throws -> (output: EngineOutput, timing: JobTiming) {
        var job = job
        var first: JobTiming?
        for sound in job.longSounds(card) {
            var tokens: [TowerTokens] = []
            for window in sound.windows {
                let heard = try await run(.listen(tower: sound.tower, window: window), for: work)
                if case .tokens(let piece) = heard.output { tokens.append(piece) }
                first = first ?? heard.timing
            }
            job = job.with(TowerTokens(consecutive: tokens), for: sound.part)
        }
        var (output, timing) = try await run(job, for: work, onText: onText)
        if let first {
            timing.submitted = first.submitted
            timing.began = first.began
        }
        return (output, timing)
    }

    private func run(
        _ job: EngineJob, for work: RequestWork, onText: (@Sendable (String) -> Void)? = nil
    ) async throws -> (output: EngineOutput, timing: JobTiming) {
        let hold = TicketHold()
        let task = TaskID(job.task, model: card.name)
        let expected = scheduler.cost(of: task, size: job.size)
        work.expect(expected)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do {
                    let ticket = try scheduler.submit(
                        ModelJob(model: model, job: job), task: task, work.terms(size: job.size), onProgress: onText
                    ) { outcome in
                        work.spend(outcome.timing.cost, expected: expected)
                        continuation.resume(with: outcome.result.map { ($0, outcome.timing) })
                    }
                    hold.take(ticket)
                    work.leaveLedger()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            hold.cancel()
        }
    }

    var ledger: any ProcessorLedger { scheduler }
}

/// The ticket of a job, which may be cancelled before it is there.
private final class TicketHold: Sendable {
    private enum State {
        case empty
        case held(Ticket)
        case cancelled
    }

    private let state = Mutex(State.empty)

    func take(_ ticket: Ticket) {
        let isCancelled = state.withLock { state in
            if case .cancelled = state { return true }
            state = .held(ticket)
            return false
        }
        if isCancelled { ticket.cancel() }
    }

    func cancel() {
        let ticket: Ticket? = state.withLock { state in
            defer { state = .cancelled }
            if case .held(let ticket) = state { return ticket }
            return nil
        }
        ticket?.cancel()
    }
}
