import Tasks

/// Which model answers a request: the one that the option `model` names, in the query string or the body, else the first that
/// suits.
enum ModelChoice {
    static let option = InputOption.text("model", maxLength: 256)

    /// The model for a request of which the head is there: its query string tells how its body is read.
    static func card(
        for request: Request, _ route: some TaskRoute, _ models: Registry
    ) throws(Problem) -> ModelCard {
        if let name = try QueryString(request.head.query).pairs.first(where: { $0.name == option.rule.name })?.value {
            return try models.card(named: name)
        }
        // There is one from the moment on in which requests are taken.
        guard let card = models.first(where: { route.suits($0, request, nil) }) else { throw .isNotReady }
        return card
    }

    /// The same once its inputs are there, which may name another, or suit one better.
    /// - Parameter card: of the model by which the inputs were read.
    static func card(
        for request: Request, _ inputs: RequestInputs, _ route: some TaskRoute, _ models: Registry,
        insteadOf card: ModelCard
    ) throws(Problem) -> ModelCard {
        var chosen = card
        if let name = inputs[option] {
            chosen = try models.card(named: name)
        } else if !route.suits(card, request, inputs),
            let better = models.first(where: { route.suits($0, request, inputs) }), route.suits(better, request, inputs)
        {
            chosen = better
        }
        guard chosen.name != card.name else { return card }
        let read = try route.rules(for: request, chosen)
        guard Set(read.parts.map(\.name)) == Set(inputs.rules.parts.map(\.name)) else {
            throw Problem(
                .invalidOption,
                "The model \"\(chosen.name)\" takes other parts here than \"\(card.name)\"; name it in the query string, "
                    + "?model=\(chosen.name), where it is read before them.",
                members: ["option": .string(option.rule.name)])
        }
        return chosen
    }

    /// Has `body` say what a model takes; where that refuses what another does, the refusal names the other.
    static func advising<Value>(
        _ request: Request, _ route: some TaskRoute, _ models: Registry, _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        do throws(Problem) {
            return try body()
        } catch {
            throw advice(error, request, nil, route, models)
        }
    }

    /// A refusal, which names the models that can do what this one cannot.
    static func advice(
        _ problem: Problem, _ request: Request, _ inputs: RequestInputs?, _ route: some TaskRoute, _ models: Registry
    ) -> Problem {
        guard problem.code == .taskNotAvailable || problem.code == .unknownHead else { return problem }
        let others = models.cards.filter { route.suits($0, request, inputs) }.map(\.name)
        guard !others.isEmpty else { return problem }
        var problem = problem
        problem.detail += " \(others.quoted("and")) can: choose with ?model=\(others[0])."
        return problem
    }

    /// Refuses a task that the model cannot do.
    static func check(_ card: ModelCard, task: String) throws(Problem) {
        guard card.tasks.contains(task) else { throw .taskNotAvailable(task, card) }
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
