import ArgumentParser
import JSON
import Synchronization

struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Send good, bad and aborted requests in a seeded mix and watch the server's memory.",
        discussion: """
            Fails where an answer has another status than it should, where the server stops answering, or where it keeps \
            descriptors open. The slope of its resident memory is printed for the time after the first fifth.
            """)

    @Option(help: "The server, http://…", transform: Target.init(argument:)) var url: Target
    @Option(help: ArgumentHelp("Photo for the good requests.", valueName: "file")) var image: String
    @Option(help: "Clients at once.") var clients = 8
    @Option(help: "Requests over all clients.") var requests = 20_000
    @Option(help: "Start of the mix's random numbers.") var seed: UInt64 = 1
    @Option(help: "The server's process id: memory and descriptors are read from /proc.") var pid: Int?

    func run() throws {
        let mix = RequestMix(target: url, image: try InputFile.read(image))
        let tally = SoakTally()
        let watch = pid.map(ProcessWatch.init)
        let next = Atomic(0)
        let (requests, seed) = (requests, seed)
        watch?.sample(after: 0)
        ClientThreads.run(clients) { _ in
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < requests else { break }
                let kind = RequestMix.Kind.drawn(number: number, seed: seed)
                tally.count(kind, mix.play(kind))
                if number % max(1, requests / 100) == 0 { watch?.sample(after: number) }
            }
        }
        let isAlive = mix.play(.health) == 200
        watch?.sampleAtRest(after: requests)
        try show(tally, watch, isAlive: isAlive)
    }

    private func show(_ tally: SoakTally, _ watch: ProcessWatch?, isAlive: Bool) throws {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("requests", requests)
            json.field("alive", isAlive)
            tally.write(to: &json)
            if let watch { try watch.write(to: &json) }
        }
        try StandardOutput.print(json.text)
        guard isAlive else { throw CommandFailure.failed("The server no longer answers.") }
        guard tally.surprises == 0 else {
            throw CommandFailure.failed("\(tally.surprises) requests had another outcome than they should.")
        }
        if let leaked = watch?.leakedDescriptors, leaked > 0 {
            throw CommandFailure.failed("The server keeps \(leaked) descriptors that it did not have before.")
        }
    }
}

/// What came of the requests, by kind.
private final class SoakTally: Sendable {
    private let counts = Mutex<[RequestMix.Kind: [String: Int]]>([:])

    func count(_ kind: RequestMix.Kind, _ status: Int?) {
        counts.withLock { $0[kind, default: [:]][status.map(String.init) ?? "none", default: 0] += 1 }
    }

    /// Requests whose outcome is not among the expected.
    var surprises: Int {
        counts.withLock { counts in
            counts.reduce(0) { sum, entry in
                let expected = entry.key.expected.map { $0.map(String.init) ?? "none" }
                return sum + entry.value.filter { !expected.contains($0.key) }.values.reduce(0, +)
            }
        }
    }

    func write(to json: inout JSONWriter) {
        let counts = counts.withLock(\.self)
        json.field("outcomes") { json in
            json.object { json in
                for kind in RequestMix.Kind.allCases {
                    guard let outcomes = counts[kind] else { continue }
                    json.field(kind.rawValue) { json in
                        json.object { json in
                            for (status, count) in outcomes.sorted(by: { $0.key < $1.key }) {
                                json.field(status, count)
                            }
                        }
                    }
                }
            }
        }
        json.field("surprises", surprises)
    }
}
