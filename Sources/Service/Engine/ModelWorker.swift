import Networks
import Scheduler
import Tasks

/// A job for the model that is to do it: the one that was served when its request came.
struct ModelJob: Sendable {
    let model: any Model
    let job: EngineJob
}

/// Runs jobs on models: the scheduler's batches become theirs.
struct ModelWorker: EngineWorker {
    typealias Outcome = BeginOutcome<any RunningText, EngineOutput>

    /// The model took a job and gave nothing for it.
    private struct NothingComputed: Error {}

    func begin(task: TaskID, jobs: [ModelJob], pause: () -> Void) -> [Outcome] {
        var outcomes = [Outcome](repeating: .failed(NothingComputed()), count: jobs.count)
        // A queue is of one model, but for what was asked of it before it was replaced.
        for indices in Dictionary(grouping: jobs.indices, by: { ObjectIdentifier(jobs[$0].model) }).values {
            let model = jobs[indices[0]].model
            for (index, outcome) in zip(indices, begin(indices.map { jobs[$0].job }, model, pause)) {
                outcomes[index] = outcome
            }
        }
        return outcomes
    }

    private func begin(_ jobs: [EngineJob], _ model: any Model, _ pause: () -> Void) -> [Outcome] {
        // A batch is of one queue, hence of one kind of job, and what a model cannot do its card did not promise.
        let texts = jobs.compactMap(\.generated)
        if texts.count == jobs.count, let model = model as? any GeneratingModel {
            return start(texts, model, pause)
        }
        let questions = jobs.compactMap(\.question)
        if questions.count == jobs.count, let model = model as? any ClassifyingModel {
            return model.classify(questions, pause: pause).map { Outcome($0.map(EngineOutput.classification)) }
        }
        let queries = jobs.compactMap(\.embedded)
        if queries.count == jobs.count, let model = model as? any EmbeddingModel {
            return model.embed(queries, pause: pause).map { Outcome($0.map(EngineOutput.embedding)) }
        }
        let unnamed = jobs.compactMap(\.zeroShot)
        if unnamed.count == jobs.count, let model = model as? any ZeroShotModel {
            return model.scores(unnamed, pause: pause).map { Outcome($0.map(EngineOutput.scores)) }
        }
        let lists = jobs.compactMap(\.pairs)
        if lists.count == jobs.count, let model = model as? any RankingModel {
            return model.rank(lists, pause: pause).map { .done(.scores($0)) }
        }
        let windows = jobs.compactMap(\.listened)
        if windows.count == jobs.count, let model = model as? any HearingModel {
            return model.listen(windows, pause: pause).map { .done(.tokens($0)) }
        }
        if let model = model as? any ReadingModel {
            return jobs.map { $0.read(by: model, pause).map { .done($0) } ?? .failed(NothingComputed()) }
        }
        return []
    }

    private func start<Model: GeneratingModel>(
        _ requests: [GenerationRequest], _ model: Model, _ pause: () -> Void
    ) -> [Outcome] {
        model.start(requests, pause: pause).map { result in
            switch result {
            case .success(let generation): .generate(ModelText(model: model, generation: generation))
            case .failure(let error): .failed(error)
            }
        }
    }

    func step(_ texts: [any RunningText]) -> [StepOutcome<EngineOutput, String>] {
        for group in Dictionary(grouping: texts, by: \.writer).values { group.first?.step(with: group) }
        return texts.map { text in
            let progress = text.progress
            let newText = progress.newText.isEmpty ? nil : progress.newText
            return progress.result.map { .done(.generated($0), last: newText) } ?? .advanced(newText)
        }
    }
}

/// A text in the making, of whatever model.
protocol RunningText: AnyObject {
    /// The model that writes it.
    var writer: ObjectIdentifier { get }
    /// How far it is.
    var progress: GenerationProgress { get }
    /// Takes texts of the same model one step on, together.
    func step(with texts: [any RunningText])
}

/// A text in the making of a model of one type.
private final class ModelText<Model: GeneratingModel>: RunningText {
    private let model: Model
    private let generation: Model.Generation

    init(model: Model, generation: Model.Generation) {
        self.model = model
        self.generation = generation
    }

    var writer: ObjectIdentifier { ObjectIdentifier(model) }

    var progress: GenerationProgress { model.progress(of: generation) }

    func step(with texts: [any RunningText]) {
        model.step(texts.compactMap { ($0 as? ModelText<Model>)?.generation })
    }
}

extension BeginOutcome where Output == EngineOutput {
    fileprivate init(_ result: Result<EngineOutput, any Error>) {
        switch result {
        case .success(let output): self = .done(output)
        case .failure(let error): self = .failed(error)
        }
    }
}

extension EngineJob {
    fileprivate var generated: GenerationRequest? {
        if case .generate(let request) = self { request } else { nil }
    }

    fileprivate var question: HeadQuestion? {
        if case .classify(let question, task: _) = self { question } else { nil }
    }

    fileprivate var embedded: EmbeddingQuery? {
        if case .embed(let query) = self { query } else { nil }
    }

    fileprivate var pairs: [TokenizedText]? {
        if case .rank(let pairs) = self { pairs } else { nil }
    }

    fileprivate var zeroShot: ZeroShotQuestion? {
        if case .zeroShot(let question) = self { question } else { nil }
    }

    fileprivate var listened: (tower: String, window: [Float])? {
        if case .listen(let tower, let window) = self { (tower, window) } else { nil }
    }

    /// What a model says about the words of a picture; nil for a job of another kind.
    fileprivate func read(by model: any ReadingModel, _ pause: () -> Void) -> EngineOutput? {
        switch self {
        case .findLines(let image):
            let (boxes, left) = model.findLines(in: image, pause: pause)
            return .lines(boxes, left: left)
        case .readLines(let boxes, of: let image):
            return .texts(model.read(boxes, of: image, pause: pause))
        case .generate, .embed, .classify, .zeroShot, .rank, .listen:
            return nil
        }
    }
}
