/// A polite client at a tenth of the capacity, beside somebody who wants everything.
enum TenthOfCapacity {
    /// - Parameters:
    ///   - key: the polite client's; nil where clients are told apart by address.
    ///   - hostile: the attacker's traffic, given the capacity in captions per second.
    static func figures(
        _ server: ServerUnderAttack, polite key: String? = nil, hostile: (_ capacity: Double) -> Traffic
    ) throws -> [Figure] {
        let seconds = server.arms.seconds
        let capacity = try Overload.capacity(
            server.target, server.captions(.closed(clients: 1), key: key), for: seconds / 2)
        let polite = server.captions(.poisson(perSecond: capacity / 10), key: key)
        // Few requests come at this rate: a p99 of them needs longer.
        let alone = LoadFigures(
            try LoadLoop.run(server.target, [polite], for: 2 * seconds).samples[0], seconds: 2 * seconds)
        let samples = try LoadLoop.run(server.target, polite, beside: [hostile(capacity)], for: 2 * seconds)
        let beside = LoadFigures(samples.polite, seconds: 2 * seconds)
        let attacker = LoadFigures(samples.hostile, seconds: 2 * seconds)
        return [.answered("polite client", beside, atLeast: 0.99)]
            + Figure.slowdown("polite client", beside, alone, quantile: 0.99, atMost: 3)
            + [Figure("attacker's requests done per second", attacker.throughput)]
    }
}
