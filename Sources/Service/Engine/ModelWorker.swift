import Networks
import Scheduler
import Tasks

/// Runs jobs on a model: the scheduler's batches become the model's.
struct ModelWorker<Model: ServedModel>: EngineWorker {
    let model: Model
    let card: ModelCard

    /// The model took a job and gave nothing for it.
    private struct NothingComputed: Error {}

    func begin(
        task: TaskID, jobs: [EngineJob], pause: () -> Void
    ) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        // A batch is of one queue, hence of one kind of job.
        let captions = jobs.compactMap(\.caption)
        if captions.count == jobs.count { return beginCaptions(captions) }
        let questions = jobs.compactMap(\.question)
        if questions.count == jobs.count { return answer(questions, pause) }
        let windows = jobs.compactMap(\.listened)
        if windows.count == jobs.count { return model.encode(windows, pause: pause).map { .done(.tokens($0)) } }
        let pages = jobs.compactMap(\.page)
        if pages.count == jobs.count { return pages.map { .done($0(model, pause)) } }
        return embed(jobs.compactMap(\.embedded), pause)
    }

    private func beginCaptions(
        _ jobs: [(pixels: [Float], options: CaptionOptions)]
    ) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        let items = zip(model.encode(images: jobs.map(\.pixels)), jobs).map { ($0, $1.options) }
        if let generations = try? model.start(items) { return generations.map { .generate($0) } }
        // One of the batch is refused: each gets its own answer.
        return items.map { item in
            do {
                return try model.start([item]).first.map { .generate($0) } ?? .failed(NothingComputed())
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
            return progress.candidates.map { .done(.captions($0, seen: progress.seen), last: newText) }
                ?? .advanced(newText)
        }
    }
}

// Heads over several parts
extension ModelWorker {
    /// The tokens of each item's parts: one pass of every tower over all items.
    private func encode(
        _ items: [[String: TowerInput]], by inputs: [[PartSpec]], _ pause: () -> Void
    ) -> [[String: TowerTokens]] {
        var feeds: [(tower: String, input: TowerInput)] = []
        var owners: [(item: Int, part: String)] = []
        for (item, (parts, inputs)) in zip(items, inputs).enumerated() {
            for input in inputs {
                guard let part = parts[input.part] else { continue }
                feeds.append((input.tower, part))
                owners.append((item, input.part))
            }
        }
        var tokens = [[String: TowerTokens]](repeating: [:], count: items.count)
        for (owner, result) in zip(owners, model.encode(feeds, pause: pause)) {
            tokens[owner.item][owner.part] = result
        }
        return tokens
    }

    private func answer(
        _ questions: [EngineJob.Question], _ pause: () -> Void
    ) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        let heads = Dictionary(card.heads.map { ($0.name, $0) }) { first, _ in first }
        let tokens = encode(questions.map(\.parts), by: questions.map { heads[$0.head]?.inputs ?? [] }, pause)
        let start = ContinuousClock.now
        var results = [Result<Classification, any Error>](
            repeating: .failure(NothingComputed()), count: questions.count)
        for (head, indices) in Dictionary(grouping: questions.indices, by: { questions[$0].head }) {
            let items = indices.map { (tokens[$0], questions[$0].explains) }
            for (index, result) in zip(indices, classify(head, items)) {
                results[index] = result.map { addParts(to: $0, of: questions[index], tokens[index]) }
            }
        }
        let took = start.duration(to: .now)
        return results.map { result in
            switch result {
            case .success(let classification): .done(.classification(classification, fuse: took))
            case .failure(let error): .failed(error)
            }
        }
    }

    private func addParts(
        to answer: Classification, of question: EngineJob.Question, _ tokens: [String: TowerTokens]
    ) -> Classification {
        guard question.seesParts else { return answer }
        var answer = answer
        // A head that looks at parts reads a single picture.
        answer.parts = tokens.values.first.map { model.parts(head: question.head, of: $0) }
        return answer
    }

    private func classify(
        _ head: String, _ items: [([String: TowerTokens], Bool)]
    ) -> [Result<Classification, any Error>] {
        if let answers = try? model.classify(head: head, items.map(\.0), explain: items.map(\.1)) {
            return answers.map { .success($0) }
        }
        // One of the batch is refused: each gets its own answer.
        return items.map { item in
            Result {
                guard let answer = try model.classify(head: head, [item.0], explain: [item.1]).first else {
                    throw NothingComputed()
                }
                return answer
            }
        }
    }

    private func embed(
        _ items: [EngineJob.Embedding], _ pause: () -> Void
    ) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        guard let space = card.space else { return embedByTowers(items.map(\.parts), pause) }
        let tokens = encode(items.map(\.parts), by: items.map { _ in space.inputs }, pause)
        let queries = zip(items, tokens).map { SpaceQuery(parts: $1, view: $0.view, weight: $0.weight) }
        do {
            return try model.embed(queries).map { .done(.embedding($0)) }
        } catch {
            return items.map { _ in .failed(error) }
        }
    }

    /// Of a model without a space: a tower's own vectors.
    private func embedByTowers(
        _ items: [[String: TowerInput]], _ pause: () -> Void
    ) -> [BeginOutcome<Model.Generation, EngineOutput>] {
        var images: [[Float]] = []
        var texts: [TokenizedText] = []
        for case .pixels(let pixels)? in items.map({ $0["image"] }) { images.append(pixels) }
        for case .text(let text)? in items.map({ $0["text"] }) { texts.append(text) }
        // A queue is of images alone or of texts alone.
        let vectors = model.encode(images: images).map(model.embedding) + model.embed(texts: texts, pause: pause)
        return items.indices.map { index in
            guard index < vectors.count else { return .failed(NothingComputed()) }
            return .done(.embedding(SpaceVector(vector: vectors[index], keys: [:])))
        }
    }
}

extension EngineJob {
    fileprivate var caption: (pixels: [Float], options: CaptionOptions)? {
        if case .caption(let pixels, let options) = self { (pixels, options) } else { nil }
    }

    fileprivate var embedded: Embedding? {
        if case .embed(let embedding) = self { embedding } else { nil }
    }

    fileprivate var listened: (tower: String, input: TowerInput)? {
        if case .listen(let tower, let window) = self { (tower, .mel([window])) } else { nil }
    }

    /// What a model says about the words of a picture.
    fileprivate var page: ((any ServedModel, () -> Void) -> EngineOutput)? {
        switch self {
        case .findLines(let image):
            { model, pause in
                let (boxes, left) = model.findLines(in: image, pause: pause)
                return .lines(boxes, left: left)
            }
        case .readLines(let boxes, of: let image):
            { model, pause in .texts(model.read(boxes, of: image, pause: pause)) }
        default: nil
        }
    }

    fileprivate var question: Question? {
        if case .classify(let question) = self { question } else { nil }
    }
}
