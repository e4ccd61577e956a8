import Networks

extension ImageModel: ClassifyingModel, EmbeddingModel {
    /// The name of its head.
    private static let head = "image-classification"

    /// What it is and can do.
    public var card: ModelCard {
        let head = labels.map {
            HeadDescription.published(Self.head, labels: $0, inputs: [picture], isExclusive: !isMultiLabel)
        }
        var card = ModelCard(identity, tasks: (head?.tasks ?? []) + ["embed"])
        card.imageDimensions = dimensions
        card.heads = head.map { [$0] } ?? []
        card.space = space
        return card
    }

    /// The vector of each picture.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        guard let states = states(of: queries.map(\.parts), pause) else {
            return queries.map { _ in .failure(TaskError.taskNotAvailable("embed", model: identity.name)) }
        }
        return zip(queries, vectors(of: states)).map { query, vector in
            Result {
                try space.check(parts: query.parts.keys, view: query.view, weight: query.weight)
                return SpaceVector(of: [picture.part: vector], weight: nil)
            }
        }
    }

    /// The labels of each picture.
    public func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        guard labels != nil, let states = states(of: questions.map(\.parts), pause) else {
            return questions.map { _ in .failure(TaskError.taskNotAvailable("classify", model: identity.name)) }
        }
        return logits(of: states).map {
            let scores = scores($0)
            return .success(
                HeadAnswer(
                    Classification(
                        probabilities: scores, alone: [picture.part: scores], weights: [picture.part: 1])))
        }
    }

    /// The last state of each picture; nil where one has none.
    private func states(of items: [[String: ModelInput]], _ pause: () -> Void) -> [TowerTokens]? {
        var pictures: [[Float]] = []
        for case .pixels(let pixels)? in items.map({ $0[picture.part] }) { pictures.append(pixels) }
        return pictures.count == items.count ? encode(pictures, pause: pause) : nil
    }
}
