/// What each client has had of the processors, for those who do work for clients outside the engine: decoding is done by the
/// same processors, so it counts as had, and whoever has had least is next in the engine.
public protocol ProcessorLedger: Sendable {
    /// Something is prepared for the client from now on.
    func prepare(_ client: ClientID)
    /// It has been submitted to the engine, which counts it from there on, or given up.
    func endPreparation(_ client: ClientID)
    /// One of the processors has worked for the client for so long.
    func charge(_ client: ClientID, processorTime: Duration)
    /// How a client stands among the others that want something now.
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
    /// See ``ProcessorLedger/prepare(_:)``.
    public func prepare(_ client: ClientID) { engine.report { $0.shares.prepare(client) } }

    /// See ``ProcessorLedger/endPreparation(_:)``.
    public func endPreparation(_ client: ClientID) { engine.report { $0.shares.endPreparation(client) } }

    /// See ``ProcessorLedger/charge(_:processorTime:)``.
    public func charge(_ client: ClientID, processorTime: Duration) {
        // The engine's seconds are those of all its processors.
        engine.report { $0.shares.charge(client, processorTime / $0.configuration.processors) }
    }

    /// See ``ProcessorLedger/place(of:)``.
    public func place(of client: ClientID) -> ClientPlace {
        engine.report { $0.shares.place(of: client, within: $0.configuration.slice) }
    }
}
