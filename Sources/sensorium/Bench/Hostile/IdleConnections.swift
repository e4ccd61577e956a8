/// Connections that are kept after an answer and never used again, until there is no room for more.
struct IdleConnections: Attack {
    let name = "idle-connections"
    let deed = "1,024 connections of one address, all that there may be, are kept and not used"

    private static let count = 1024

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let probe = RequestBytes(server.target.at("/health/live")).get
        let plan = Crowd.Plan(
            count: Self.count, sources: ["127.0.0.2"], scripts: [Crowd.Script(opening: probe)], lead: 2)
        return try Crowd.beside(server.target, plan) {
            var slowest = 0.0
            for _ in 0..<20 {
                slowest = max(slowest, try newConnection(server.target, probe))
                // Who waits once in vain would wait again.
                if !slowest.isFinite { break }
            }
            let captions = try server.politeCaptions()
            return [
                Figure("a new connection's answer, the slowest of 20", slowest, "ms", .atMost(50)),
                .refused("captions", captions),
            ]
        }.result
    }

    /// Milliseconds until a connection of its own has its answer.
    private func newConnection(_ target: Target, _ probe: [UInt8]) throws -> Double {
        let traffic = Traffic(
            source: ServerUnderAttack.politeAddress, messages: [probe], arrivals: .closed(clients: 1, requests: 1))
        let sample = try LoadLoop.run(target, [traffic], for: 1, patience: 4).samples[0].first
        guard let sample, sample.isDone else { return .infinity }
        return sample.latency / .milliseconds(1)
    }
}
