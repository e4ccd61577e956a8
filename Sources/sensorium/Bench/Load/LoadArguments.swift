import ArgumentParser

/// The options of commands that send one request again and again, for one client or for several.
struct LoadArguments: ParsableArguments {
    @Option(help: "Where to send to, http://…", transform: Target.init(argument:)) var url: Target
    @Option(help: ArgumentHelp("Photo to send as the part \"image\"; several are taken in turn.", valueName: "file"))
    var image: [String] = []
    @Option(help: "Width of the beam search.") var beams: Int?
    @Option(help: ArgumentHelp("A further form field, name=value; may be given several times.", valueName: "field"))
    var field: [String] = []
    @Option(
        help: ArgumentHelp(
            "API key; each one given is a client, and key=3 has three times the share of key.", valueName: "key[=share]"
        ))
    var key: [LoadClient] = []
    @Option(
        help: ArgumentHelp(
            "Address of this machine to send from, such as 127.0.0.2; each is a client, or belongs to the key in its place.",
            valueName: "address[=share]"))
    var source: [LoadClient] = []
    @Option(help: "Seconds within which an answer counts for the goodput.") var within: Double?
    @Option(help: "Seconds to send as X-Request-Timeout.") var timeoutHeader: Double?

    func validate() throws {
        guard key.isEmpty || source.isEmpty || key.count == source.count else {
            throw ValidationError("Give as many --source as --key, or only one of the two.")
        }
        guard within.map({ $0 > 0 }) ?? true, timeoutHeader.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--within and --timeout-header are seconds, more than 0.")
        }
    }

    /// The traffic of each client.
    ///
    /// - Parameter arrivals: how the requests of a client come that has this share of all, which sum to 1.
    func traffic(_ arrivals: (_ share: Double) -> Traffic.Arrivals) throws -> [Traffic] {
        let clients = key.isEmpty ? source : key
        guard !clients.isEmpty else { return [Traffic(messages: try messages(key: nil), arrivals: arrivals(1))] }
        let sum = clients.reduce(0) { $0 + $1.share }
        return try clients.indices.map { index in
            Traffic(
                source: source.isEmpty ? nil : source[index].name,
                messages: try messages(key: key.isEmpty ? nil : key[index].name),
                arrivals: arrivals(clients[index].share / sum))
        }
    }

    private func messages(key: String?) throws -> [[UInt8]] {
        var lines = key.map { [("Authorization", "Bearer \($0)")] } ?? []
        if let timeoutHeader { lines.append(("X-Request-Timeout", "\(timeoutHeader)")) }
        let request = RequestBytes(url, fields: lines)
        guard !image.isEmpty else { return [request.get] }
        let pairs = field.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        guard pairs.allSatisfy({ $0.count == 2 }) else { throw CommandFailure.usage("--field takes name=value.") }
        let fields = pairs.map { ($0[0], $0[1]) } + (beams.map { [("beams", String($0))] } ?? [])
        return try image.map { request.form(file: try InputFile.read($0), fields: fields) }
    }
}

/// One of several clients, by its key or address, and its share of the load: `127.0.0.2`, `127.0.0.2=0.5`.
struct LoadClient: ExpressibleByArgument {
    let name: String
    /// 1 if nothing is said.
    let share: Double

    init?(argument: String) {
        let end = argument.lastIndex(of: "=")
        // A key may itself end in "=".
        if let end, let share = Double(argument[argument.index(after: end)...]) {
            guard share > 0, share.isFinite else { return nil }
            self.share = share
            name = String(argument[..<end])
        } else {
            share = 1
            name = argument
        }
    }
}
