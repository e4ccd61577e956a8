import Tokenizer

extension ContrastiveModel: EmbeddingModel, ZeroShotModel {
    /// What it is and can do.
    public var card: ModelCard {
        ModelCard(
            name: identity.name, architecture: identity.architecture, digest: identity.digest,
            parameters: identity.parameters, precision: identity.precision, tasks: ["zero-shot", "embed"],
            imageDimensions: dimensions, textDimensions: dimensions, space: space,
            zeroShot: ModelCard.ZeroShotInput(
                input: picture, text: textPreparation, isExclusive: fit.isExclusive))
    }

    /// The vector of each query: one pass of each tower over all of them.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        var pictures: [[Float]] = []
        var texts: [Tokenizer.Encoding] = []
        for case .pixels(let pixels)? in queries.map({ $0.parts[picture.part] }) { pictures.append(pixels) }
        for case .text(let encoding)? in queries.map({ $0.parts[text.part] }) { texts.append(encoding) }
        var ofPictures = encode(pictures: pictures, pause: pause)[...]
        var ofTexts = encode(texts: texts, pause: pause)[...]
        return queries.map { query in
            var vectors: [String: [Float]] = [:]
            if case .pixels? = query.parts[picture.part] { vectors[picture.part] = ofPictures.popFirst() }
            if case .text? = query.parts[text.part] { vectors[text.part] = ofTexts.popFirst() }
            return Result {
                try space.check(parts: query.parts.keys, view: query.view, weight: query.weight)
                guard vectors.count == query.parts.count, !vectors.isEmpty else {
                    throw TaskError.missingParts([picture.part, text.part], head: identity.name, all: false)
                }
                return SpaceVector(of: vectors, weight: query.weight)
            }
        }
    }

    /// The scores of each question's texts: one pass of the image tower over all pictures, one of the text tower for each question.
    public func scores(_ questions: [ZeroShotQuestion], pause: () -> Void) -> [Result<[Float], any Error>] {
        var pictures: [[Float]] = []
        for case .pixels(let pixels) in questions.map(\.input) { pictures.append(pixels) }
        guard pictures.count == questions.count else {
            return questions.map { _ in .failure(TaskError.taskNotAvailable("zero-shot", model: identity.name)) }
        }
        return zip(encode(pictures: pictures, pause: pause), questions).map { picture, question in
            .success(scores(picture: picture, texts: encode(texts: question.texts, pause: pause)))
        }
    }
}
