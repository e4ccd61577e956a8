import Tasks

/// What one client sends, and when.
struct Traffic: Sendable {
    enum Arrivals: Sendable {
        /// Each of so many connections sends its next request when it has the answer to the last: so many requests over all, or
        /// as many as the time allows.
        case closed(clients: Int, requests: Int = .max)
        /// Requests come at random, whatever became of those before: a Poisson process of so many per second.
        case poisson(perSecond: Double)
    }

    /// The address of this machine from which the client comes; nil lets the system choose.
    var source: String?
    /// Whole requests, taken in turn.
    let messages: [[UInt8]]
    let arrivals: Arrivals

    /// When the requests of a Poisson process arrive, in seconds, in order.
    ///
    /// Their number is the expected one, so that a run offers what it says: given the number, the arrivals of a Poisson process
    /// are independent and uniform (Ross, Introduction to Probability Models, section 5.3).
    static func arrivals(perSecond rate: Double, for seconds: Double, seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<Int((rate * seconds).rounded())).map { _ in random.nextUnit() * seconds }.sorted()
    }
}

/// What became of one request.
struct LoadSample: Sendable {
    /// nil where no answer came.
    let status: Int?
    /// From when the request arrived, not from when it could be sent.
    let latency: Duration
    /// Seconds of the answer's `Retry-After`.
    let retryAfter: Int?

    /// Whether the server did what was asked.
    var isDone: Bool { status.map { (200..<300).contains($0) } ?? false }
    /// Whether the server answered that it did not.
    var isRefused: Bool { status != nil && !isDone }
}
