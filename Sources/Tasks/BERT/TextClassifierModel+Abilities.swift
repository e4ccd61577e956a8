import Tokenizer

extension TextClassifierModel: ClassifyingModel, RankingModel {
    /// The name of its head.
    private static let head = "text-classification"

    /// What it is and can do.
    public var card: ModelCard {
        let isOne = labels.count == 1
        let head = HeadDescription.published(
            Self.head, labels: labels, inputs: [PartSpec(part: "text", tower: "text", .text(textPreparation))],
            isExclusive: kind == .softmax)
        var card = ModelCard(identity, tasks: head.tasks + (isOne ? ["rerank"] : []))
        card.heads = [head]
        card.reranking = isOne ? reranking : nil
        return card
    }

    private var reranking: ModelCard.Reranking? {
        textPreparation.pair.map { pair in
            ModelCard.Reranking(encode: pair.encode) { [self] in scores([$0]).first ?? $0 }
        }
    }

    /// The labels of each text, or pair of them.
    public func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        var texts: [Tokenizer.Encoding] = []
        for case .text(let text)? in questions.map({ $0.parts["text"] }) { texts.append(text) }
        guard texts.count == questions.count else {
            return questions.map { _ in .failure(TaskError.taskNotAvailable("classify", model: identity.name)) }
        }
        return logits(encode(texts, pause: pause)).map {
            let scores = scores($0)
            return .success(
                HeadAnswer(Classification(probabilities: scores, alone: ["text": scores], weights: ["text": 1])))
        }
    }

    /// The logit of each pair.
    public func rank(_ lists: [[Tokenizer.Encoding]], pause: () -> Void) -> [[Float]] {
        var rest = logits(encode(lists.flatMap { $0 }, pause: pause)).compactMap(\.first)[...]
        return lists.map { list in
            defer { rest = rest.dropFirst(list.count) }
            return Array(rest.prefix(list.count))
        }
    }
}
