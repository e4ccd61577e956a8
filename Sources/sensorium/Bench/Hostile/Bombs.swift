import JSON

/// Uploads that are small and become large, and bodies of which copies may be made.
struct Bombs: Attack {
    let name = "bombs"
    let deed =
        "PNGs that inflate a thousandfold, large progressive JPEGs and 31 MB of base64, each alone and 44 at once"
    let settings = ["--max-memory", "\(Self.budget >> 20)MiB"]

    private static let budget = 512 << 20

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let caption = RequestBytes(server.target.at("/v1/caption"))
        let bombs = try ["bombs/adam7.png", "bombs/progressive.jpg", "png/chunk-bombs.png"].map {
            caption.form(file: try server.medium($0), fields: [])
        }
        let plans: [(message: [UInt8], clients: Int)] =
            bombs.map { ($0, 8) } + [(caption.send(type: "application/json", base64(server.arms.photo)), 16)]
            + [(caption.form(file: server.arms.photo, fields: []), 4)]
        let hostile = plans.enumerated().map { index, plan in
            Traffic(
                source: "127.0.0.\(2 + index)", messages: [plan.message], arrivals: .closed(clients: plan.clients))
        }
        let tree = server.tree
        let idle = tree.residentBytesWithChildren ?? 0
        // Each kind alone first: together, one may take all the room and keep the others out.
        let (samples, peak) = try Peak.of({ tree.residentBytesWithChildren }) {
            try (hostile.map { [$0] } + [hostile]).flatMap { round in
                try LoadLoop.run(server.target, round, for: server.arms.seconds / 2).samples.flatMap(\.self)
            }
        }
        return [
            Figure(
                "memory of server and decoders over idle", Double(peak - idle) / 1e6, "MB",
                .atMost(Double(Self.budget) / 1e6)),
            Figure("uploads done", Double(samples.count(where: \.isDone))),
            Figure("uploads refused", Double(samples.count(where: \.isRefused))),
        ]
    }

    /// JSON with a photo that goes on with 23 MB of zeros, in base64.
    private func base64(_ photo: [UInt8]) -> [UInt8] {
        let bytes = photo + [UInt8](repeating: 0, count: 23_000_000)
        return Array("{\"image\":\"\(Base64.encode(bytes))\"}".utf8)
    }
}
