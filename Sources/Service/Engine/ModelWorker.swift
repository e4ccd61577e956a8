import Scheduler
import Tasks

/// One request's work for the engine.
enum EngineJob: Sendable {
    case caption(pixels: [Float], CaptionOptions)
    case embedImage(pixels: [Float])
    case embedText(TokenizedText)

    /// The queue it waits in. Jobs of one queue are computed in one batch.
    var task: TaskID {
        switch self {
        case .caption: "caption"
        case .embedImage: "embed-image"
        case .embedText: "embed-text"
        }
    }

    /// Every queue there is.
    static let policies = [
        TaskPolicy("caption", generates: true), TaskPolicy("embed-image", generates: false),
        TaskPolicy("embed-text", generates: false),
    ]
}

/// What the engine gives back.
enum EngineOutput: Sendable {
    case captions([CaptionCandidate])
    case embedding([Float])
}

/// Runs jobs on a model: the scheduler's batches become the model's.
struct ModelWorker<Model: ServedModel>: EngineWorker {
    let model: Model

    func begin(task: TaskID, jobs: [EngineJob]) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        let encodings = model.encode(images: jobs.compactMap(\.pixels))
        let options = jobs.compactMap(\.captionOptions)
        // A batch is of one task: its jobs are all captions, all images or all texts.
        if !options.isEmpty { return beginCaptions(Array(zip(encodings, options))) }
        let vectors = encodings.map(model.embedding) + model.embed(texts: jobs.compactMap(\.text))
        return vectors.map { .done(.embedding($0)) }
    }

    private func beginCaptions(
        _ items: [(Model.Encoding, CaptionOptions)]
    ) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        if let generations = try? model.start(items) { return generations.map { .generate($0) } }
        // One of the batch is refused: each gets its own answer.
        return items.map { item in
            do {
                return try model.start([item]).first.map { .generate($0) } ?? .failed(NothingStarted())
            } catch {
                return .failed(error)
            }
        }
    }

    func step(_ generations: [Model.Generation]) -> [StepOutcome<EngineOutput, String>] {
        model.step(generations)
        return generations.map { generation in
            let progress = model.progress(of: generation)
            let newText = progress.newText.isEmpty ? nil : progress.newText
            return progress.candidates.map { .done(.captions($0), last: newText) } ?? .advanced(newText)
        }
    }

    /// The model took a caption and did not begin it.
    private struct NothingStarted: Error {}
}

extension EngineJob {
    fileprivate var pixels: [Float]? {
        switch self {
        case .caption(let pixels, _), .embedImage(let pixels): pixels
        case .embedText: nil
        }
    }

    fileprivate var captionOptions: CaptionOptions? {
        if case .caption(_, let options) = self { options } else { nil }
    }

    fileprivate var text: TokenizedText? {
        if case .embedText(let text) = self { text } else { nil }
    }
}
