/// A flood of small photos beside somebody whose photos are large: a telephone's, of 12 megapixels.
struct LargePhotos: Attack {
    let name = "flood-beside-large-photos"
    let deed = "one address sends captions at four times the capacity, another one photo of 12 megapixels a second"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let request = RequestBytes(server.target.at("/v1/caption")).form(
            file: try server.medium("large/astronaut.jpg"), fields: [("beams", "1")])
        let polite = Traffic(
            source: ServerUnderAttack.politeAddress, messages: [request], arrivals: .poisson(perSecond: 1))
        // Few requests come at this rate: figures of them need longer.
        let seconds = 3 * server.arms.seconds
        let capacity = try Overload.capacity(
            server.target, server.captions(.closed(clients: 1)), for: server.arms.seconds / 2)
        let alone = LoadFigures(try LoadLoop.run(server.target, [polite], for: seconds).samples[0], seconds: seconds)
        let flood = server.captions(.poisson(perSecond: 4 * capacity), from: "127.0.0.2")
        let samples = try LoadLoop.run(server.target, polite, beside: [flood], for: seconds)
        let beside = LoadFigures(samples.polite, seconds: seconds)
        return [.answered("polite client", beside, atLeast: 0.99)]
            + Figure.slowdown("polite client", beside, alone, quantile: 0.5, atMost: 3)
            + [Figure("attacker's requests done per second", LoadFigures(samples.hostile, seconds: seconds).throughput)]
    }
}
