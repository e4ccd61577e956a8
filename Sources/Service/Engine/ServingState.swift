import Synchronization

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

    private struct State {
        var phase = Phase.starting
        var engine: (any Engine)?
    }

    private let state = Mutex(State())

    /// Where the service is now.
    var phase: Phase { state.withLock(\.phase) }

    /// The engine, once there is one.
    var loadedEngine: (any Engine)? { state.withLock(\.engine) }

    /// The engine for a new request; refuses while the model is loaded or the server drains.
    func engine() throws(Problem) -> any Engine {
        let (phase, engine) = state.withLock { ($0.phase, $0.engine) }
        if phase == .draining { throw .isDraining }
        guard let engine else { throw .isNotReady }
        return engine
    }

    /// The warm-up caption was computed: requests are taken from now on. False if the server drains already.
    func becomeReady(_ engine: any Engine) -> Bool {
        state.withLock { state in
            guard state.phase == .starting else { return false }
            state.phase = .ready
            state.engine = engine
            return true
        }
    }

    /// No longer ready, though everything is served on. False if it was not ready to begin with.
    func beginLeaving() -> Bool {
        state.withLock { state in
            guard state.phase == .ready else { return false }
            state.phase = .leaving
            return true
        }
    }

    /// New requests are refused from now on; gives back the engine, which those that came before still need.
    func beginDraining() -> (any Engine)? {
        state.withLock { state in
            state.phase = .draining
            return state.engine
        }
    }
}
