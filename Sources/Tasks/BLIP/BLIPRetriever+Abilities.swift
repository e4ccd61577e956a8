import Networks
import Tokenizer

extension BLIPRetriever: ClassifyingModel, DualEncoder {
    /// The name of its head.
    private static let head = "match"

    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: ["classify", "embed"])
        card.imageDimensions = dimensions
        card.textDimensions = dimensions
        card.heads = [
            HeadDescription(
                name: Self.head, task: nil, labels: Self.labels, inputs: [media, text],
                required: [media.part, text.part])
        ]
        card.space = space
        return card
    }

    /// Whether each text fits its picture.
    public func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        var (pictures, texts): ([[Float]], [Tokenizer.Encoding]) = ([], [])
        let isWhole = questions.map { question in
            guard case .pixels(let pixels)? = question.parts[media.part],
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
                    throw TaskError.missingParts([media.part, text.part], head: Self.head, all: true)
                }
                return HeadAnswer(Classification(probabilities: softmax(logits), alone: [:], weights: [:]))
            }
        }
    }
}
