import JSON

/// The figures of one client's requests.
struct LoadFigures: Sendable {
    let samples: [LoadSample]
    /// For how long requests arrived, in seconds.
    let seconds: Double
    /// Within how many seconds an answer counts for the goodput; nil counts all.
    let limit: Double?
    private let accepted: [Double]
    private let refusals: [Double]

    init(_ samples: [LoadSample], seconds: Double, within limit: Double? = nil) {
        self.samples = samples
        self.seconds = seconds
        self.limit = limit
        accepted = samples.filter(\.isDone).map { $0.latency / .milliseconds(1) }.sorted()
        refusals = samples.filter(\.isRefused).map { $0.latency / .milliseconds(1) }.sorted()
    }

    /// Requests that were done, in whatever time.
    var answered: Int { accepted.count }
    /// Requests that were answered with another status than 200 to 299.
    var refused: Int { refusals.count }
    /// Requests without an answer.
    var unanswered: Int { samples.count - answered - refused }
    /// Requests that were done within the limit.
    var answeredWithin: Int { limit.map { limit in accepted.count { $0 <= limit * 1e3 } } ?? answered }
    /// Requests done per second.
    var throughput: Double { Double(answered) / seconds }
    /// Requests done within the limit, per second.
    var goodput: Double { Double(answeredWithin) / seconds }

    /// Milliseconds of the done requests; `fraction` 0.5 is the median. nil where none was done.
    func latency(_ fraction: Double) -> Double? { Self.quantile(accepted, fraction) }

    /// The same for refusals.
    func lateness(_ fraction: Double) -> Double? { Self.quantile(refusals, fraction) }

    private static func quantile(_ sorted: [Double], _ fraction: Double) -> Double? {
        sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]
    }

    func write(to json: inout JSONWriter) throws(JSONError) {
        json.field("requests", samples.count)
        try json.field("seconds", seconds)
        try json.field("throughput", throughput)
        if let limit {
            try json.field("within_seconds", limit)
            json.field("answered_within", answeredWithin)
            try json.field("goodput", goodput)
        }
        for (name, fraction) in [("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99), ("max_ms", 1)] {
            try json.field(name, latency(fraction) ?? 0)
        }
        if refused > 0 {
            try json.field("refusal_p50_ms", lateness(0.5) ?? 0)
            try json.field("refusal_p99_ms", lateness(0.99) ?? 0)
        }
        Self.write(samples.compactMap(\.status), as: "statuses", to: &json)
        Self.write(samples.compactMap(\.retryAfter), as: "retry_after", to: &json)
        json.field("unanswered", unanswered)
    }

    /// How often each value occurs, from the least.
    private static func write(_ values: [Int], as name: String, to json: inout JSONWriter) {
        let counts = Dictionary(grouping: values) { $0 }.mapValues(\.count)
        json.field(name) { json in
            json.object { json in
                for (value, count) in counts.sorted(by: { $0.key < $1.key }) { json.field(String(value), count) }
            }
        }
    }
}
