import Synchronization
import Tasks

/// The models that are served, by name, in the order in which the operator named them.
///
/// A request keeps the one that it began with: whoever replaces or removes one takes it from no request that runs.
final class Registry: Sendable {
    private let state = Mutex<[any Engine]>([])

    /// Every model.
    var engines: [any Engine] { state.withLock(\.self) }

    /// Serves a model, in place of the one of its name or behind the others.
    func put(_ engine: any Engine) {
        state.withLock { engines in
            if let place = engines.firstIndex(where: { $0.card.name == engine.card.name }) {
                engines[place] = engine
            } else {
                engines.append(engine)
            }
        }
    }

    /// The model of a name; a name that is not served is answered with the nearest.
    func engine(named name: String) throws(Problem) -> any Engine {
        let engines = engines
        if let engine = engines.first(where: { $0.card.name == name }) { return engine }
        let names = engines.map(\.card.name)
        let advice =
            nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" }
            ?? (names.count == 1
                ? "the one that is, is \(names.quoted("and"))." : "those that are, are \(names.quoted("and")).")
        throw Problem(
            .unknownModel, "No model \"\(name)\" is served here; \(advice)", members: ["model": .string(name)])
    }

    /// The first model that suits, else the first of all, which says what it lacks.
    func first(where suits: (ModelCard) -> Bool) -> (any Engine)? {
        let engines = engines
        return engines.first { suits($0.card) } ?? engines.first
    }
}
