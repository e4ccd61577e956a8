import Networks
import Tokenizer

extension BLIPRetriever: ClassifyingModel, EmbeddingModel {
    /// The name of its head.
    private static let head = "match"

    /// What it is and can do.
    public var card: ModelCard {
        ModelCard(
            name: identity.name, architecture: identity.architecture, digest: identity.digest,
            parameters: identity.parameters, precision: identity.precision, tasks: ["classify", "embed"],
            imageDimensions: dimensions, textDimensions: dimensions,
            heads: [
                HeadDescription(
                    name: Self.head, task: nil, labels: Self.labels, inputs: [picture, text],
                    required: [picture.part, text.part])
            ], space: space)
    }

    /// Whether each text fits its picture.
    public func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        var (pictures, texts): ([[Float]], [Tokenizer.Encoding]) = ([], [])
        let isWhole = questions.map { question in
            guard case .pixels(let pixels)? = question.parts[picture.part],
                case .text(let encoding)? = question.parts[text.part]
            else { return false }
            pictures.append(pixels)
            texts.append(encoding)
            return true
        }
        var logits = logits(pictures, texts, pause: pause)[...]
        return isWhole.map { isWhole in
            Result {
                guard isWhole, let logits = logits.popFirst() else {
                    throw TaskError.missingParts([picture.part, text.part], head: Self.head, all: true)
                }
                return HeadAnswer(Classification(probabilities: softmax(logits), alone: [:], weights: [:]))
            }
        }
    }

    /// The vector of each query: one pass of each tower over all of them.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        var (pictures, texts): ([[Float]], [Tokenizer.Encoding]) = ([], [])
        for case .pixels(let pixels)? in queries.map({ $0.parts[picture.part] }) { pictures.append(pixels) }
        for case .text(let encoding)? in queries.map({ $0.parts[text.part] }) { texts.append(encoding) }
        var ofPictures = vectors(ofPictures: pictures, pause: pause)[...]
        var ofTexts = vectors(ofTexts: texts, pause: pause)[...]
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
}
