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
        let sentences = model.embed(texts: jobs.compactMap(\.text))
        var (images, texts) = (encodings.makeIterator(), sentences.makeIterator())
        return jobs.map { job in
            switch job {
            case .caption(_, let options): images.next().map { begin($0, options) } ?? .failed(Missing())
            case .embedImage: images.next().map { .done(.embedding(model.embedding(of: $0))) } ?? .failed(Missing())
            case .embedText: texts.next().map { .done(.embedding($0)) } ?? .failed(Missing())
            }
        }
    }

    private func begin(
        _ encoding: Model.Encoding, _ options: CaptionOptions
    ) -> BeginOutcome<Model.Generation, EngineOutput> {
        do {
            return .generate(try model.start(encoding, options))
        } catch {
            return .failed(error)
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

    /// The model returned fewer results than it was given inputs.
    struct Missing: Error {}
}

extension EngineJob {
    fileprivate var pixels: [Float]? {
        switch self {
        case .caption(let pixels, _), .embedImage(let pixels): pixels
        case .embedText: nil
        }
    }

    fileprivate var text: TokenizedText? {
        if case .embedText(let text) = self { text } else { nil }
    }
}
