/// For whom a job is computed, how much it is, and until when that makes sense.
public struct JobTerms: Sendable {
    /// Whose share of the engine it takes from.
    public var client: ClientID
    /// How much work it is beside the usual job of its task, which is 1. What it costs is learned per unit of size; of a batch
    /// it takes up as much, in whole numbers and at least 1.
    public var size: Double
    /// When its answer is no longer wanted. In the queue it then ends with `deadlineExceeded(started: false)`, after its
    /// beginning with `started: true`.
    public var deadline: EngineInstant?
    /// When it makes no sense any more to begin it: in the queue it then ends with `overdue`.
    public var latestStart: EngineInstant?

    /// Terms for a job of the usual size.
    public init(
        client: ClientID, size: Double = 1, deadline: EngineInstant? = nil, latestStart: EngineInstant? = nil
    ) {
        self.client = client
        self.size = size
        self.deadline = deadline
        self.latestStart = latestStart
    }

    /// How much of a batch it takes up.
    var weight: Int { Int(min(max(size.rounded(), 1), 1e6)) }
}
