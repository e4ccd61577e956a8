import Scheduler
import Tasks

/// The models that judge a request of `/v1/emotion`: one where its head takes every part, else several, each the parts that its
/// head takes and none before it does.
struct EmotionJudges: Sendable {
    /// A model and the parts that it judges.
    struct Judge: Sendable {
        let card: ModelCard
        let head: HeadDescription
        /// As its head reads them.
        let inputs: [PartSpec]
    }

    /// The first one is the model that was chosen.
    let judges: [Judge]

    /// Whether one model judges everything.
    var isOne: Bool { judges.count == 1 }

    /// - Parameters:
    ///   - chosen: the model that was named, or that suits best.
    ///   - others: the models that may judge what that one does not; none where it was named.
    ///   - parts: the names of the parts that are there, or that will be made of others.
    init(
        _ chosen: ModelCard, _ others: [ModelCard], parts: [String], _ inputs: RequestInputs
    ) throws(Problem) {
        var judges: [Judge] = []
        var left = parts
        for card in [chosen] + others.filter({ $0.name != chosen.name }) {
            guard let head = card.head(of: "emotion") else { continue }
            let taken = head.inputs.filter { left.contains($0.part) }
            let isFirst = judges.isEmpty
            guard isFirst || !taken.isEmpty, isFirst || head.required.allSatisfy({ left.contains($0) }) else {
                continue
            }
            judges.append(Judge(card: card, head: head, inputs: taken))
            left.removeAll { part in taken.contains { $0.part == part } }
        }
        // The chosen one may have nothing to say where others judge all there is.
        if judges.count > 1, judges[0].inputs.isEmpty { judges.removeFirst() }
        self.judges = judges
        // Of a picture its words may be wanted: who reads them says.
        guard let part = left.first(where: { inputs.has(part: $0) && $0 != PictureWords.picture }) else { return }
        let names = ([chosen] + others).map(\.name)
        throw Problem(
            .unexpectedPart,
            "No emotion head of \(Set(names).sorted().quoted("and")) takes the part \"\(part)\"; leave it out.",
            members: ["part": .string(part)])
    }
}

/// What is felt, by one model or by several.
struct EmotionAnswer: Sendable {
    /// What a part alone says, in the words of the model that judged it.
    struct Opinion: Sendable {
        let part: String
        let labels: [String]
        let probabilities: [Float]
        let weight: Double
        /// Its name, where several judged.
        var model: String?
    }

    let labels: [String]
    let probabilities: [Float]
    let confidence: Confidence?
    let opinions: [Opinion]

    /// Of one model.
    init(_ head: HeadDescription, _ classification: Classification) {
        labels = head.labels
        probabilities = classification.probabilities
        confidence = classification.confidence
        let parts = head.inputs.map(\.part).filter { classification.alone[$0] != nil }
        let weights = Shares.rounded(parts.map { classification.weights[$0] ?? 0 })
        opinions = zip(parts, weights).map { part, weight in
            Opinion(
                part: part, labels: head.labels, probabilities: classification.alone[part] ?? [], weight: weight)
        }
    }

    /// Of several models: the mean of what they say, each as much as the others, by the emotions that their labels stand for.
    init(_ judged: [(judge: EmotionJudges.Judge, classification: Classification)]) {
        var sums: [String: Double] = [:]
        var opinions: [Opinion] = []
        for (judge, classification) in judged {
            for (emotion, share) in EmotionLabels.shares(judge.head.labels, classification.probabilities) {
                sums[emotion, default: 0] += share / Double(judged.count)
            }
            for opinion in EmotionAnswer(judge.head, classification).opinions {
                opinions.append(
                    Opinion(
                        part: opinion.part, labels: opinion.labels, probabilities: opinion.probabilities,
                        weight: (opinion.weight / Double(judged.count) * 1e6).rounded() / 1e6, model: judge.card.name))
            }
        }
        labels = sums.keys.sorted()
        probabilities = labels.map { Float(sums[$0] ?? 0) }
        confidence = nil
        self.opinions = opinions
    }
}
