import ArgumentParser
import Foundation
import JSON
import Synchronization

struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Send the same request from many clients and time the answers.",
        discussion: """
            Without --image the request is a GET. Each client has one connection and sends the next request when it has the \
            answer.
            """)

    @Option(help: "Where to send to, http://…") var url: Target
    @Option(help: ArgumentHelp("Photo to send as the part \"image\"; several are taken in turn.", valueName: "file"))
    var image: [String] = []
    @Option(help: "Clients at once.") var clients = 1
    @Option(help: "Requests over all clients.") var requests = 100
    @Option(help: "Requests sent before the clock starts.") var warmUp = 0
    @Option(help: "Width of the beam search.") var beams: Int?
    @Option(help: ArgumentHelp("A further form field, name=value; may be given several times.", valueName: "field"))
    var field: [String] = []

    func validate() throws {
        guard clients > 0, requests > 0, warmUp >= 0 else {
            throw ValidationError("--clients and --requests must be at least 1, --warm-up at least 0.")
        }
    }

    func run() throws {
        let messages = try messages()
        if warmUp > 0 { _ = Self.send(messages, url, clients: clients, requests: warmUp) }
        let start = ContinuousClock.now
        let samples = Self.send(messages, url, clients: clients, requests: requests)
        try LoadReport(samples: samples, clients: clients, elapsed: start.duration(to: .now)).show()
        guard samples.contains(where: { $0.status != nil }) else {
            throw CommandFailure.failed("No request was answered by \(url.host):\(url.port).")
        }
    }

    private func messages() throws -> [[UInt8]] {
        guard !image.isEmpty else { return [RequestBytes.get(url)] }
        let pairs = field.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        guard pairs.allSatisfy({ $0.count == 2 }) else { throw CommandFailure.usage("--field takes name=value.") }
        let fields = pairs.map { ($0[0], $0[1]) } + (beams.map { [("beams", String($0))] } ?? [])
        return try image.map { RequestBytes.form(url, file: try readFile($0), fields: fields) }
    }

    /// One request's fate.
    struct Sample: Sendable {
        /// nil where no answer came.
        let status: Int?
        let latency: Duration
    }

    private static func send(_ messages: [[UInt8]], _ target: Target, clients: Int, requests: Int) -> [Sample] {
        let next = Atomic(0)
        let samples = Mutex<[Sample]>([])
        ClientThreads.run(clients) { _ in
            var connection: BlockingConnection?
            var own: [Sample] = []
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < requests else { break }
                let start = ContinuousClock.now
                let status = try? exchange(messages[number % messages.count], target, &connection)
                own.append(Sample(status: status, latency: start.duration(to: .now)))
            }
            samples.withLock { $0 += own }
        }
        return samples.withLock(\.self)
    }

    /// Sends one message and takes its answer, on the open connection or a new one.
    private static func exchange(
        _ message: [UInt8], _ target: Target, _ connection: inout BlockingConnection?
    ) throws -> Int {
        var used = try connection.take() ?? BlockingConnection(target)
        try used.send(message)
        let (status, staysOpen, _) = try used.receive()
        if staysOpen { connection = consume used }
        return status
    }
}

/// Threads that each play one client.
enum ClientThreads {
    /// Runs `body` on so many threads and waits for all of them.
    static func run(_ count: Int, _ body: @escaping @Sendable (_ number: Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            let thread = Thread {
                body(number)
                group.leave()
            }
            thread.stackSize = 512 << 10
            thread.start()
        }
        group.wait()
    }
}

/// The figures of a load run.
private struct LoadReport {
    let samples: [LoadCommand.Sample]
    let clients: Int
    let elapsed: Duration

    func show() throws {
        let latencies = samples.filter { $0.status != nil }.map { $0.latency / .milliseconds(1) }.sorted()
        let quantile: (Double) -> Double = { fraction in
            latencies.isEmpty ? 0 : latencies[min(latencies.count - 1, Int(fraction * Double(latencies.count)))]
        }
        var json = JSONWriter()
        try json.object { json throws(JSONError) in
            json.field("requests", samples.count)
            json.field("clients", clients)
            try json.field("seconds", elapsed / .seconds(1))
            try json.field("throughput", Double(latencies.count) / (elapsed / .seconds(1)))
            try json.field("p50_ms", quantile(0.5))
            try json.field("p90_ms", quantile(0.9))
            try json.field("p99_ms", quantile(0.99))
            try json.field("max_ms", latencies.last ?? 0)
            json.field("statuses") { json in
                json.object { json in
                    let counts = Dictionary(grouping: samples.compactMap(\.status)) { $0 }.mapValues(\.count)
                    for (status, count) in counts.sorted(by: { $0.key < $1.key }) { json.field(String(status), count) }
                }
            }
            json.field("unanswered", samples.count { $0.status == nil })
        }
        print(json.text)
    }
}
