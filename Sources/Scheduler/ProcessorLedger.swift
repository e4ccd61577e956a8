/// What each client has had of the processors, for those who do work for clients outside the engine: decoding is done by the
/// same processors, so it counts as had, and whoever has had least is next in the engine.
public protocol ProcessorLedger: Sendable {
    /// The client wants something more from now on.
    func join(_ client: ClientID)
    /// Something that a client wanted is done, or has been submitted to the engine, which counts it from there on.
    func leave(_ client: ClientID)
    /// Something that was done for a client that has joined took so long, had it had all processors.
    func charge(_ client: ClientID, _ cost: Duration)
    /// How a client that has joined stands among the others that want something now.
    func place(of client: ClientID) -> ClientPlace
}

/// How a client stands among those that want something at the same time.
public enum ClientPlace: Sendable {
    /// Nobody else wants anything.
    case alone
    /// Every other has had at least as much.
    case behind
    /// It has had more than another, by no more than clients share the engine within.
    case level
    /// It has had more than that.
    case ahead
}

extension Scheduler: ProcessorLedger {
    /// See ``ProcessorLedger/join(_:)``.
    public func join(_ client: ClientID) { engine.report { $0.shares.join(client) } }

    /// See ``ProcessorLedger/leave(_:)``.
    public func leave(_ client: ClientID) { engine.report { $0.shares.leave(client) } }

    /// See ``ProcessorLedger/charge(_:_:)``.
    public func charge(_ client: ClientID, _ cost: Duration) { engine.report { $0.shares.charge(client, cost) } }

    /// See ``ProcessorLedger/place(of:)``.
    public func place(of client: ClientID) -> ClientPlace {
        engine.report { $0.shares.place(of: client, within: $0.configuration.slice) }
    }
}
