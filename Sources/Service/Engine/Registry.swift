import Dispatch
import Synchronization
import Tasks

/// The models that are served, by name, in the order in which the operator named them.
///
/// A request keeps the model that it began with: replacing or unloading one takes it from no request that runs.
final class Registry: Sendable {
    /// A model and where it comes from.
    private struct Entry {
        /// What is known of it while it is unloaded, too.
        var card: ModelCard
        var engine: (any Engine)?
        /// nil for a model that was not loaded from a folder, which stays.
        let source: ModelSource?
        var lastUse: ContinuousClock.Instant
    }

    private let entries = Mutex<[Entry]>([])
    /// Where models are loaded, one after the other: two at once would take the memory of both and be no faster.
    private let loading = DispatchQueue(label: "loading")
    private let load: @Sendable (ModelSource) throws -> any Engine

    /// - Parameter load: makes a model of its folder ready to answer, under the name that its source has.
    init(load: @escaping @Sendable (ModelSource) throws -> any Engine) { self.load = load }

    /// What is served.
    var cards: [ModelCard] { entries.withLock { $0.map(\.card) } }

    /// Serves a model behind the others. False where one of its name is served already.
    func add(_ engine: any Engine, from source: ModelSource?) -> Bool {
        entries.withLock { entries in
            guard !entries.contains(where: { $0.card.name == engine.card.name }) else { return false }
            entries.append(Entry(card: engine.card, engine: engine, source: source, lastUse: .now))
            return true
        }
    }

    /// The card of a name; a name that is not served is answered with the nearest.
    func card(named name: String) throws(Problem) -> ModelCard {
        let cards = cards
        if let card = cards.first(where: { $0.name == name }) { return card }
        let names = cards.map(\.name)
        let advice =
            nearestName(to: name, among: names).map { "did you mean \"\($0)\"?" }
            ?? (names.count == 1
                ? "the one that is, is \(names.quoted("and"))." : "those that are, are \(names.quoted("and")).")
        throw Problem(
            .unknownModel, "No model \"\(name)\" is served here; \(advice)", members: ["model": .string(name)])
    }

    /// The first model that suits, else the first of all, which says what it lacks.
    func first(where suits: (ModelCard) -> Bool) -> ModelCard? {
        let cards = cards
        return cards.first(where: suits) ?? cards.first
    }

    /// The model of a name, loaded again where it was unloaded.
    func engine(_ name: String) async throws -> any Engine {
        if let engine = used(name) { return engine }
        return try await onLoadingQueue { [self] in try used(name) ?? loaded(name) }
    }

    /// Loads a model anew from its folder. The one before serves until then, and goes on where that fails.
    func reload(_ name: String) async throws -> ModelCard {
        _ = try card(named: name)
        return try await onLoadingQueue { [self] in try loaded(name).card }
    }

    /// Unloads the models that were asked nothing for so long, and are asked nothing now.
    func unload(idleFor time: Duration, isBusy: (ModelCard) -> Bool) -> [String] {
        let now = ContinuousClock.now
        return entries.withLock { entries in
            entries.indices.compactMap { place -> String? in
                let entry = entries[place]
                guard entry.engine != nil, entry.source != nil, entry.lastUse.duration(to: now) >= time,
                    !isBusy(entry.card)
                else { return nil }
                entries[place].engine = nil
                return entry.card.name
            }
        }
    }

    private func used(_ name: String) -> (any Engine)? {
        entries.withLock { entries in
            guard let place = entries.firstIndex(where: { $0.card.name == name }) else { return nil }
            entries[place].lastUse = .now
            return entries[place].engine
        }
    }

    private func loaded(_ name: String) throws -> any Engine {
        guard var source = entries.withLock({ $0.first { $0.card.name == name }?.source }) else {
            throw Problem(.unknownModel, "The model \"\(name)\" was not loaded from a folder, and stays as it is.")
        }
        source.name = name
        do {
            let engine = try load(source)
            entries.withLock { entries in
                for place in entries.indices where entries[place].card.name == name {
                    entries[place].engine = engine
                    entries[place].card = engine.card
                    entries[place].lastUse = .now
                }
            }
            return engine
        } catch {
            throw Problem.retryLater(
                .modelUnusable, after: 10, "The model \"\(name)\" could not be loaded from its folder. \(error)")
        }
    }

    private func onLoadingQueue<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            loading.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
