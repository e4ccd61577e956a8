/// The option `model` of every task.
enum ModelChoice {
    static let option = InputOption.text("model", maxLength: 256)

    /// Refuses a model that is not served, and a task that the model cannot do.
    static func check(_ inputs: RequestInputs, _ card: ModelCard, task: String) throws(Problem) {
        try check(inputs, card)
        guard card.tasks.contains(task) else { throw .taskNotAvailable(task, card) }
    }

    /// Refuses a model that is not served.
    static func check(_ inputs: RequestInputs, _ card: ModelCard) throws(Problem) {
        if let name = inputs[option], name != card.name {
            throw Problem(
                .unknownModel, "No model \"\(name)\" is served here; the one that is, is \"\(card.name)\".",
                members: ["model": .string(name)])
        }
    }
}

extension Problem {
    /// The checkpoint cannot do the task; says what it can.
    static func taskNotAvailable(_ task: String, _ card: ModelCard?) -> Problem {
        let known = card.map { card in
            "The model \(card.name) can do \(card.tasks.isEmpty ? "nothing" : card.tasks.listed("and"))."
        }
        return Problem(
            .taskNotAvailable, "\"\(task)\" is not available here. " + (known ?? "GET /v1/models says what is."),
            members: ["task": .string(task)])
    }
}
