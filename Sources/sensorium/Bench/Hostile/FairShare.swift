/// What captions cost beside a client whose every request is long work.
enum FairShare {
    /// Captions one after the other, alone and beside the traffic: each client's fair share of the cores is one of all clients'.
    static func figures(_ server: ServerUnderAttack, beside hostile: [Traffic]) throws -> [Figure] {
        let alone = try server.politeCaptions()
        let polite = server.captions(.closed(clients: 1))
        let samples = try LoadLoop.run(server.target, polite, beside: hostile, for: server.arms.seconds)
        let beside = LoadFigures(samples.polite, seconds: server.arms.seconds)
        let done = samples.hostile.count(where: \.isDone)
        return [.refused("captions", beside)]
            + Figure.slowdown("captions", beside, alone, quantile: 0.5, atMost: 2 * Double(1 + hostile.count))
            + [
                Figure("captions' slowest", beside.latency(1) ?? .infinity, "ms"),
                Figure("attacker's requests done", Double(done)),
            ]
    }
}
