/// Texts that are as long as anybody reads, and embedded without pause.
struct LongTexts: Attack {
    /// Eight connections of one client.
    static let one = LongTexts(name: "long-texts", addresses: 1)
    /// Eight clients.
    static let eight = LongTexts(name: "long-texts-of-eight", addresses: 8)

    let name: String
    let addresses: Int

    var deed: String {
        "eight connections of \(addresses == 1 ? "one address" : "eight addresses") embed texts of 2,000 words, another captions"
    }

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let body = Array("{\"text\":\"\(Words.text(2000))\"}".utf8)
        let message = RequestBytes(server.target.at("/v1/embed")).send(type: "application/json", body)
        let hostile = (2..<2 + addresses).map { address in
            Traffic(
                source: "127.0.0.\(address)", messages: [message],
                arrivals: .closed(clients: 8 / addresses))
        }
        return try Words.figures(server, beside: hostile)
    }
}

/// One request with as much to read as a request may have.
struct LongCandidates: Attack {
    let name = "long-candidates"
    let deed = "one connection has a photo compared with 63 texts of 2,000 words, another captions"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let texts = (0..<63).map { ("candidate", Words.text(2000, from: $0)) }
        let message = RequestBytes(server.target.at("/v1/retrieve")).form(file: server.arms.photo, fields: texts)
        let hostile = Traffic(source: "127.0.0.2", messages: [message], arrivals: .closed(clients: 1))
        return try Words.figures(server, beside: [hostile])
    }
}

/// Long texts, and what captions cost beside them.
enum Words {
    private static let words = [
        "a", "dog", "runs", "over", "the", "green", "grass", "and", "barks", "at", "two", "cats",
    ]

    /// A text of so many words, which differs from those that start elsewhere.
    static func text(_ count: Int, from start: Int = 0) -> String {
        (start..<start + count).map { words[$0 % words.count] }.joined(separator: " ")
    }

    /// Captions one after the other, alone and beside the traffic: each client's fair share of the cores is one of all clients'.
    static func figures(_ server: ServerUnderAttack, beside hostile: [Traffic]) throws -> [Figure] {
        let alone = try server.politeCaptions()
        let polite = server.captions(.closed(clients: 1))
        let samples = try LoadLoop.run(server.target, [polite] + hostile, for: server.arms.seconds).samples
        let beside = LoadFigures(samples[0], seconds: server.arms.seconds)
        let done = samples.dropFirst().joined().count(where: \.isDone)
        return [.refused("captions", beside)]
            + Figure.slowdown("captions", beside, alone, quantile: 0.5, atMost: 2 * Double(1 + hostile.count))
            + [
                Figure("captions' slowest", beside.latency(1) ?? .infinity, "ms"),
                Figure("attacker's requests done", Double(done)),
            ]
    }
}
