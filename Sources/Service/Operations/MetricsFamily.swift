import Synchronization

/// What a metric is called and means.
public struct MetricDescription: Sendable, Equatable {
    /// What its values are.
    public enum Kind: String, Sendable {
        /// Only grows; its name ends in `_total`.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts by size.
        case histogram
        /// Always 1; its labels are what it says. Its name ends in `_info`.
        case info
    }

    /// The whole name: `sensorium_http_requests_total`.
    public var name: String
    /// A sentence for a person.
    public var help: String
    /// What its values are.
    public var kind: Kind
    /// The labels' names.
    public var labels: [String]

    /// A description.
    public init(_ name: String, _ kind: Kind, _ help: String, labels: [String] = []) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
    }
}

/// All series of one metric at one moment, in the order of their labels' values.
public struct MetricSnapshot: Sendable {
    /// What the metric is.
    public var description: MetricDescription
    /// The label values and the reading of each series.
    public var series: [(labels: [String], reading: MetricReading)]

    /// A snapshot.
    public init(_ description: MetricDescription, _ series: [(labels: [String], reading: MetricReading)]) {
        self.description = description
        self.series = series
    }

    /// A snapshot of a metric without labels.
    public init(_ description: MetricDescription, _ value: Double) {
        self.init(description, [([], .value(value))])
    }
}

/// One metric with its series, one per combination of label values.
///
/// The number of series is bounded: a client that could invent label values would otherwise fill the memory of the server and of
/// whoever collects. Past the bound every label reads `other`.
public final class MetricFamily<Instrument: MetricInstrument>: Sendable {
    /// What the metric is.
    public let description: MetricDescription
    private let maxSeries: Int
    private let make: @Sendable () -> Instrument
    private let series: Mutex<[[String]: Instrument]>

    init(_ description: MetricDescription, maxSeries: Int, make: @escaping @Sendable () -> Instrument) {
        self.description = description
        self.maxSeries = maxSeries
        self.make = make
        // A metric without labels shows its 0 from the start.
        series = Mutex(description.labels.isEmpty ? [[]: make()] : [:])
    }

    /// The series with these label values, in the order of the labels' names.
    public func callAsFunction(_ values: String...) -> Instrument {
        precondition(values.count == description.labels.count, "\(description.name) has labels \(description.labels)")
        return series.withLock { series in
            if let found = series[values] { return found }
            let key = series.count < maxSeries ? values : values.map { _ in "other" }
            if let found = series[key] { return found }
            let instrument = make()
            series[key] = instrument
            return instrument
        }
    }

    /// All series now.
    var snapshot: MetricSnapshot {
        let series = series.withLock { $0 }
        return MetricSnapshot(
            description,
            series.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value.reading) })
    }
}
