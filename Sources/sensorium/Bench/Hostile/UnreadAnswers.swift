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
        return try UnreadCost.figures(server, plan)
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
