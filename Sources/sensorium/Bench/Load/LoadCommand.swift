import ArgumentParser
import JSON

struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Send the same request again and again and time the answers.",
        discussion: """
            Without --image the request is a GET. Without --rate each client has --clients connections, each of which sends its \
            next request when it has the answer. With --rate requests arrive at random (Poisson) for --seconds, however late the \
            answers are, and their time counts from the arrival.

            Clients are told apart by --key or --source; more than one get a line of figures each.
            """)

    @OptionGroup var load: LoadArguments
    @Option(help: "Connections at once, of each client.") var clients = 1
    @Option(help: "Requests over all connections, of each client.") var requests = 100
    @Option(help: "Requests sent before the clock starts.") var warmUp = 0
    @Option(help: "Requests per second over all clients, as a Poisson process.") var rate: Double?
    @Option(help: "How long requests arrive, with --rate.") var seconds = 10.0

    func validate() throws {
        guard clients > 0, requests > 0, warmUp >= 0 else {
            throw ValidationError("--clients and --requests must be at least 1, --warm-up at least 0.")
        }
        guard rate.map({ $0 > 0 }) ?? true, seconds > 0 else {
            throw ValidationError("--rate and --seconds must be more than 0.")
        }
    }

    func run() throws {
        if warmUp > 0 {
            _ = try LoadLoop.run(load.url, load.traffic { _ in .closed(clients: clients, requests: warmUp) })
        }
        let traffic = try load.traffic { share in
            rate.map { .poisson(perSecond: $0 * share) } ?? .closed(clients: clients, requests: requests)
        }
        let outcome = try LoadLoop.run(load.url, traffic, for: rate.map { _ in seconds })
        let elapsed = rate.map { _ in seconds } ?? outcome.elapsed / .seconds(1)
        let figures = { (samples: [LoadSample]) in LoadFigures(samples, seconds: elapsed, within: load.within) }
        if traffic.count > 1 {
            for (index, samples) in outcome.samples.enumerated() { try show(figures(samples), client: index + 1) }
        }
        try show(figures(outcome.samples.flatMap(\.self)), client: nil)
        guard outcome.samples.contains(where: { $0.contains { $0.status != nil } }) else {
            throw CommandFailure.failed("No request was answered by \(load.url.host):\(load.url.port).")
        }
    }

    private func show(_ figures: LoadFigures, client: Int?) throws {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            if let client { json.field("client", client) }
            if rate == nil { json.field("clients", clients) }
            try figures.write(to: &json)
        }
        try StandardOutput.print(json.text)
    }
}
