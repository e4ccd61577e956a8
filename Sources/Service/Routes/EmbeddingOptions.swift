import Tasks

/// How parts become one vector: the options `view` and `weight`.
struct EmbeddingOptions: Sendable {
    static let view = InputOption.choice("view", among: ["auto"] + PictureView.allCases.map(\.rawValue))
    static let weight = InputOption.number("weight", in: 0...1, usually: 0.5)
    static let rules = [Self.view.rule, Self.weight.rule]

    /// What the picture is said to be; nil where the model is to tell.
    var view: PictureView?
    /// The share of the words; nil where it is not said.
    var weight: Double?

    /// A picture that the model tells for itself, and no words that weigh more or less than usual.
    init() {}

    /// The options of a request.
    init(_ inputs: RequestInputs) {
        view = PictureView(rawValue: inputs[Self.view])
        weight = inputs[Self.weight]
    }

    /// Refuses what makes no sense of the given parts, or is more than the model can do.
    func check(parts: [String], _ card: ModelCard) throws(TaskError) {
        // Without a space there is one part, and one way to read it.
        try (card.space ?? EmbeddingSpace(dimensions: 0, inputs: [])).check(parts: parts, view: view, weight: weight)
    }

    /// The job for parts that were taken.
    func embedding(of taken: TakenParts) -> EmbeddingQuery {
        EmbeddingQuery(parts: taken.inputs, view: view, weight: weight)
    }
}
