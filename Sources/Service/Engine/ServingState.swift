import Synchronization
import Tasks

/// How far the service is. Stations are passed through once, in order; `leaving` may be left out.
final class ServingState: Sendable {
    /// The stations.
    enum Phase: String, Sendable {
        case starting
        case ready
        /// Everything is served, but no more should be sent here.
        case leaving
        case draining
    }

    private let current = Mutex(Phase.starting)
    private let loaded: Registry

    init(_ models: Registry) { loaded = models }

    /// Where the service is now.
    var phase: Phase { current.withLock(\.self) }

    /// The models that answer; none before the service is ready.
    var models: [ModelCard] { phase == .starting ? [] : loaded.cards }

    /// The models for a new request; refuses while they are loaded or the server drains.
    func registry() throws(Problem) -> Registry {
        switch phase {
        case .starting: throw .isNotReady
        case .draining: throw .isDraining
        case .ready, .leaving: return loaded
        }
    }

    /// Every model answers: requests are taken from now on. False if the server drains already.
    @discardableResult func becomeReady() -> Bool { pass(from: .starting, to: .ready) }

    /// No longer ready, though everything is served on. False if it was not ready to begin with.
    func beginLeaving() -> Bool { pass(from: .ready, to: .leaving) }

    /// New requests are refused from now on; those that came before go on.
    func beginDraining() { current.withLock { $0 = .draining } }

    private func pass(from: Phase, to: Phase) -> Bool {
        current.withLock { phase in
            guard phase == from else { return false }
            phase = to
            return true
        }
    }
}
