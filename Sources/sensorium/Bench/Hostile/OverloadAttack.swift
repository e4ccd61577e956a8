/// More captions than the server can make.
struct OverloadAttack: Attack {
    let name = "overload"
    let deed = "captions at once, twice and four times the capacity arrive at random"

    func run(_ server: ServerUnderAttack) throws -> [Figure] {
        let overload = Overload(server.target, within: 1) { rate in
            [server.captions(.poisson(perSecond: rate), from: "127.0.0.2")]
        }
        var figures: [Figure] = []
        try overload.run(server.arms.seconds, [1, 2, 4]) { step in
            let times = "\(Int(step.factor)) ×"
            figures.append(
                Figure("goodput of the capacity at \(times)", step.share, "", .atLeast(step.factor == 1 ? 0.85 : 0.9)))
            guard let late = step.figures.lateness(0.99) else { return }
            figures.append(Figure("p50 of refusals at \(times)", step.figures.lateness(0.5) ?? late, "ms"))
            figures.append(Figure("p99 of refusals at \(times)", late, "ms", .atMost(5)))
        }
        return figures
    }
}
