import Networks

extension LoadedModel: FaceFindingModel, ReadingModel {
    /// What it is and can do.
    public var card: ModelCard {
        ModelCard(
            name: name, architecture: architecture, digest: digest, formerDigest: formerDigest,
            parameters: parameters, precision: precision, tasks: tasks, imageDimensions: imageDimensions,
            textDimensions: textDimensions, maxCaptionTokens: captionTokenLimit, heads: heads, space: space,
            captionInput: captionInput, towerInputs: towerInputs)
    }
}

extension LoadedModel: GeneratingModel {
    /// Begins captions; texts of other kinds it does not write.
    public func start(
        _ requests: [GenerationRequest], pause: () -> Void
    ) -> [Result<CaptionGeneration, any Error>] {
        var captions: [(pixels: [Float], options: GenerationOptions)] = []
        for case .caption(image: .pixels(let pixels), let options) in requests { captions.append((pixels, options)) }
        guard captions.count == requests.count else {
            return requests.map { _ in .failure(TaskError.taskNotAvailable("caption", model: name)) }
        }
        let items = zip(encodeImages(captions.map(\.pixels)), captions).map { ($0, $1.options) }
        return separately(items) { try startCaptions($0) }
    }

    /// How far a caption is.
    public func progress(of generation: CaptionGeneration) -> GenerationProgress {
        GenerationProgress(
            newText: generation.newText,
            result: generation.isFinished
                ? .captions(generation.candidates, seen: thingsSeen(by: generation)) : nil)
    }
}

extension LoadedModel: HearingModel {
    /// The tokens of each window by its tower.
    public func listen(_ windows: [(tower: String, window: [Float])], pause: () -> Void) -> [TowerTokens] {
        encode(windows.map { ($0.tower, .mel([$0.window])) }, pause: pause)
    }
}

extension LoadedModel: EmbeddingModel {
    /// The vector of each query.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        guard let space else { return embedByTowers(queries.map(\.parts), pause) }
        let tokens = encode(queries.map(\.parts), by: queries.map { _ in space.inputs }, pause)
        let read = zip(queries, tokens).map { SpaceQuery(parts: $1, view: $0.view, weight: $0.weight) }
        return separately(read) { try embed($0) }
    }

    /// Of a model without a space: a tower's own vectors, of one part each.
    private func embedByTowers(
        _ items: [[String: ModelInput]], _ pause: () -> Void
    ) -> [Result<SpaceVector, any Error>] {
        var vectors = [[Float]?](repeating: nil, count: items.count)
        let images = items.indices.compactMap { index in
            if case .pixels(let pixels)? = items[index]["image"] { (index, pixels) } else { nil }
        }
        let texts = items.indices.compactMap { index in
            if case .text(let text)? = items[index]["text"] { (index, text) } else { nil }
        }
        for (image, encoding) in zip(images, encodeImages(images.map(\.1))) {
            vectors[image.0] = imageEmbedding(encoding)
        }
        for (text, vector) in zip(texts, texts.isEmpty ? [] : embedTexts(texts.map(\.1), pause: pause)) {
            vectors[text.0] = vector
        }
        return vectors.map { vector in
            vector.map { .success(SpaceVector(vector: $0, keys: [:])) }
                ?? .failure(TaskError.taskNotAvailable("embed", model: name))
        }
    }
}

extension LoadedModel: ClassifyingModel {
    /// The answer to each question.
    public func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        let inputs = Dictionary(heads.map { ($0.name, $0.inputs) }) { first, _ in first }
        let tokens = encode(questions.map(\.parts), by: questions.map { inputs[$0.head] ?? [] }, pause)
        let start = ContinuousClock.now
        var answers = [Result<Classification, any Error>](
            repeating: .failure(TaskError.taskNotAvailable("classify", model: name)), count: questions.count)
        for (head, indices) in Dictionary(grouping: questions.indices, by: { questions[$0].head }) {
            let results = separately(indices.map { (tokens[$0], questions[$0].explains) }) {
                try classify(head: head, $0.map(\.0), explain: $0.map(\.1))
            }
            for (index, result) in zip(indices, results) {
                answers[index] = result.map { addParts(to: $0, of: questions[index], tokens[index]) }
            }
        }
        let took = start.duration(to: .now)
        return answers.map { $0.map { HeadAnswer($0, fusing: took) } }
    }

    private func addParts(
        to answer: Classification, of question: HeadQuestion, _ tokens: [String: TowerTokens]
    ) -> Classification {
        guard question.seesParts else { return answer }
        var answer = answer
        // A head that looks at parts reads a single picture.
        answer.parts = tokens.values.first.map { parts(head: question.head, of: $0) }
        return answer
    }
}

extension LoadedModel {
    /// The tokens of each item's parts: one pass of every tower over all items.
    private func encode(
        _ items: [[String: ModelInput]], by inputs: [[PartSpec]], _ pause: () -> Void
    ) -> [[String: TowerTokens]] {
        var feeds: [(tower: String, input: ModelInput)] = []
        var owners: [(item: Int, part: String)] = []
        for (item, (parts, inputs)) in zip(items, inputs).enumerated() {
            for input in inputs {
                guard let part = parts[input.part] else { continue }
                feeds.append((input.tower, part))
                owners.append((item, input.part))
            }
        }
        var tokens = [[String: TowerTokens]](repeating: [:], count: items.count)
        for (owner, result) in zip(owners, encode(feeds, pause: pause)) { tokens[owner.item][owner.part] = result }
        return tokens
    }

    /// What `compute` makes of a batch; where one of it is refused, each gets its own answer.
    private func separately<Item, Output>(
        _ items: [Item], _ compute: ([Item]) throws -> [Output]
    ) -> [Result<Output, any Error>] {
        if let outputs = try? compute(items), outputs.count == items.count { return outputs.map { .success($0) } }
        return items.map { item in
            Result {
                guard let output = try compute([item]).first else {
                    throw TaskError.inconsistentModel("the model \(name) took an input and gave nothing for it")
                }
                return output
            }
        }
    }
}
