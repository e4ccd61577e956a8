/// Connections that are kept after an answer and never used again, until there is no room for more.
struct IdleConnections: Attack {
    /// All that there may be, of one client.
    static let one = IdleConnections(name: "idle-connections", addresses: 1)
    /// The same of eight.
    static let eight = IdleConnections(name: "idle-connections-of-eight", addresses: 8)

    let name: String
    let addresses: Int

    var deed: String {
        "1,024 connections of \(addresses == 1 ? "one address" : "eight addresses"), all that there may be, are kept and not used"
    }

    private static let count = 1024

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let probe = RequestBytes(server.target.at("/health/live")).get
        let plan = Crowd.Plan(
            count: Self.count, sources: (2..<2 + addresses).map { "127.0.0.\($0)" },
            scripts: [Crowd.Script(opening: probe)], lead: 2)
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
