import Foundation

/// Long lists that nobody reads.
struct UnreadAnswers: Attack {
    let name = "unread-answers"
    let deed = "100 requests for a list of 16 MB, whose answers are not read"

    private static let items = 1000

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        try fill(server)
        let list = server.target.at("/v1/collections/hostile/items?limit=1000")
        let plan = Crowd.Plan(
            count: 100, sources: ["127.0.0.2"], scripts: [Crowd.Script(opening: RequestBytes(list).get)], reads: false,
            lead: 3)
        return try Unread.figures(server, plan)
    }

    /// Stores items whose metadata are as long as they may be.
    private func fill(_ server: ServerUnderAttack) throws {
        let note = String(repeating: "x", count: 16_000)
        let body = Array("{\"embedding\":[1,0,0,1],\"metadata\":{\"note\":\"\(note)\"}}".utf8)
        let messages = (0..<Self.items).map { number in
            RequestBytes(server.target.at("/v1/collections/hostile/items/\(number)"))
                .send("PUT", type: "application/json", body)
        }
        let traffic = Traffic(
            source: ServerUnderAttack.politeAddress, messages: messages,
            arrivals: .closed(clients: 8, requests: Self.items))
        let stored = try LoadLoop.run(server.target, [traffic]).samples[0].count(where: \.isDone)
        guard stored == Self.items else {
            throw CommandFailure.failed(
                "Only \(stored) of \(Self.items) items were stored, so that there is no long list.")
        }
    }
}

/// What answers that nobody reads cost.
enum Unread {
    private static let bound = 64e6

    /// Probes and memory while the crowd is there.
    static func figures(_ server: ServerUnderAttack, _ plan: Crowd.Plan) throws -> [Figure] {
        let tree = server.tree
        let idle = tree.residentBytes ?? 0
        let kernel = kernelBytes() ?? 0
        let (measured, peak) = try Peak.of({ tree.residentBytes }) {
            try Peak.of(kernelBytes) { try Crowd.beside(server.target, plan) { try server.probes() } }
        }
        let probes = measured.result.result
        return [
            Figure("probes p99", probes.latency(0.99) ?? .infinity, "ms", .atMost(20)),
            .refused("probes", probes),
            Figure("memory over idle", Double(peak - idle) / 1e6, "MB", .atMost(bound / 1e6)),
            Figure(
                "the kernel's memory for connections over idle", Double(measured.peak - kernel) / 1e6, "MB",
                .atMost(bound / 1e6)),
        ]
    }

    /// What the kernel holds for all TCP connections of this machine.
    private static func kernelBytes() -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/net/sockstat", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("TCP:") }),
            let pages = line.split(separator: " ").last.flatMap({ Int($0) })
        else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
