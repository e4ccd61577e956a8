@testable import Tasks

/// A published classifier of one part, which says the same of everything.
final class FakeJudge: ClassifyingModel {
    let card: ModelCard
    private let part: String
    private let probabilities: [Float]

    /// - Parameter input: the part that it takes.
    init(_ name: String, takes input: PartSpec, says answers: [(label: String, probability: Float)]) {
        part = input.part
        probabilities = answers.map(\.probability)
        let head = HeadDescription.published(
            "classification", labels: answers.map(\.label), inputs: [input], isExclusive: true)
        card = ModelCard(
            name: name, architecture: "fake", digest: "sha256:2", parameters: 7, tasks: head.tasks, heads: [head])
    }

    func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        questions.map { _ in
            .success(
                HeadAnswer(
                    Classification(probabilities: probabilities, alone: [part: probabilities], weights: [part: 1])))
        }
    }
}
