import Synchronization

/// Every metric of the process, in the order in which they were added.
public final class MetricsRegistry: Sendable {
    /// Most series of one metric. Default: 1000.
    public static let maxSeries = 1000

    private let sources = Mutex<[@Sendable () -> [MetricSnapshot]]>([])

    /// No metrics.
    public init() {}

    /// Adds a counter.
    public func counter(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<MetricCounter> {
        family(MetricDescription(name, .counter, help, labels: labels)) { MetricCounter() }
    }

    /// Adds a gauge.
    public func gauge(_ name: String, _ help: String, labels: [String] = []) -> MetricFamily<MetricGauge> {
        family(MetricDescription(name, .gauge, help, labels: labels)) { MetricGauge() }
    }

    /// Adds a metric that is always 1 and says something in its labels.
    public func info(_ name: String, _ help: String, labels: [String]) -> MetricFamily<MetricGauge> {
        family(MetricDescription(name, .info, help, labels: labels)) { MetricGauge() }
    }

    /// Adds a histogram with these upper bounds.
    public func histogram(
        _ name: String, _ help: String, labels: [String] = [], bounds: [Double] = MetricHistogram.seconds
    ) -> MetricFamily<MetricHistogram> {
        family(MetricDescription(name, .histogram, help, labels: labels)) { MetricHistogram(bounds: bounds) }
    }

    /// Adds metrics that are read when they are asked for.
    public func collect(_ read: @escaping @Sendable () -> [MetricSnapshot]) {
        sources.withLock { $0.append(read) }
    }

    /// Everything now.
    public var snapshots: [MetricSnapshot] {
        // Read outside the lock: a source may take its time.
        sources.withLock { $0 }.flatMap { $0() }
    }

    private func family<Instrument: MetricInstrument>(
        _ description: MetricDescription, make: @escaping @Sendable () -> Instrument
    ) -> MetricFamily<Instrument> {
        let family = MetricFamily(description, maxSeries: Self.maxSeries, make: make)
        collect { [family.snapshot] }
        return family
    }
}
