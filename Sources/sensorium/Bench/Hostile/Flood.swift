/// One client asks for all that there is, and more.
struct Flood: Attack {
    /// Clients with keys, from one address.
    static let byKey = Flood(
        name: "flood-by-key", deed: "key A sends captions at four times the capacity, key B at a tenth of it",
        keys: ["hostile-0123456789", "polite-0123456789"])
    /// Clients without keys.
    static let byAddress = Flood(
        name: "flood-by-address",
        deed: "one address sends captions at four times the capacity, another at a tenth of it",
        keys: [])

    let name: String
    let deed: String
    let keys: [String]

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        try Beside.figures(server, polite: keys.last) { capacity in
            server.captions(
                .poisson(perSecond: 4 * capacity),
                from: keys.isEmpty ? "127.0.0.2" : ServerUnderAttack.politeAddress, key: keys.first)
        }
    }
}

/// Photos that are small to send and long to decode.
struct ProgressivePhotos: Attack {
    let name = "progressive-photos"
    let deed =
        "64 connections of one address send progressive JPEGs of 36 megapixels, another captions at a tenth of the capacity"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let photo = try server.medium("bombs/progressive.jpg")
        let request = RequestBytes(server.target.at("/v1/caption")).form(file: photo, fields: [("beams", "1")])
        return try Beside.figures(server) { _ in
            Traffic(source: "127.0.0.2", messages: [request], arrivals: .closed(clients: 64))
        }
    }
}

/// A polite client at a tenth of the capacity, beside somebody who wants everything.
enum Beside {
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
        let samples = try LoadLoop.run(server.target, [polite, hostile(capacity)], for: 2 * seconds).samples
        let beside = LoadFigures(samples[0], seconds: 2 * seconds)
        let attacker = LoadFigures(samples[1], seconds: 2 * seconds)
        return [.answered("polite client", beside, atLeast: 0.99)]
            + Figure.slowdown("polite client", beside, alone, quantile: 0.99, atMost: 3)
            + [Figure("attacker's requests done per second", attacker.throughput)]
    }
}
