/// What a server makes of multiples of its capacity.
struct Overload {
    /// What it made of one of them.
    struct Step: Sendable {
        let factor: Double
        /// Requests per second that the server can answer: the mean of what it could before and after.
        let capacity: Double
        let figures: LoadFigures
        /// The goodput as a share of the capacity.
        var share: Double { figures.goodput / capacity }
    }

    /// Connections that measure the capacity, as `serving.py --only throughput` does.
    private static let connections = 16

    private let target: Target
    private let limit: Double
    private let offered: (_ perSecond: Double) throws -> [Traffic]

    /// - Parameters:
    ///   - limit: seconds within which an answer counts.
    ///   - offered: the Poisson processes that make up so many requests per second.
    init(_ target: Target, within limit: Double, offered: @escaping (_ perSecond: Double) throws -> [Traffic]) {
        self.target = target
        self.limit = limit
        self.offered = offered
    }

    /// Requests per second that sixteen connections get done.
    static func capacity(_ target: Target, _ traffic: Traffic, for seconds: Double) throws -> Double {
        let closed = Traffic(
            source: traffic.source, messages: traffic.messages, arrivals: .closed(clients: connections))
        let outcome = try LoadLoop.run(target, [closed], for: seconds)
        let capacity = LoadFigures(outcome.samples[0], seconds: outcome.elapsed / .seconds(1)).throughput
        guard capacity > 0 else {
            throw CommandFailure.failed("No request was done by \(target.host):\(target.port): there is no capacity.")
        }
        return capacity
    }

    /// Offers each multiple of the capacity for so many seconds, and gives what came of it to `body`.
    func run(_ seconds: Double, _ factors: [Double], _ body: (Step) throws -> Void) throws {
        guard let first = try offered(1).first else { return }
        // The first answers come while caches fill and decoders start.
        _ = try Self.capacity(target, first, for: min(seconds, 2))
        var before = try Self.capacity(target, first, for: seconds)
        for factor in factors {
            let samples = try LoadLoop.run(target, offered(factor * before), for: seconds).samples
            let after = try Self.capacity(target, first, for: seconds)
            try body(
                Step(
                    factor: factor, capacity: (before + after) / 2,
                    figures: LoadFigures(samples.flatMap(\.self), seconds: seconds, within: limit)))
            before = after
        }
    }
}
