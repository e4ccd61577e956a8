import Synchronization

/// Something that holds the values of one series.
public protocol MetricInstrument: Sendable {
    /// Its values now.
    var reading: MetricReading { get }
}

/// The values of one series at one moment.
public enum MetricReading: Sendable, Equatable {
    /// A counter's or gauge's value.
    case value(Double)
    /// A histogram: for each upper bound how many observations were at most that large, how many there were, and their sum.
    case histogram(buckets: [(bound: Double, count: Int)], count: Int, sum: Double)

    /// Whether two readings say the same.
    public static func == (a: MetricReading, b: MetricReading) -> Bool {
        switch (a, b) {
        case (.value(let x), .value(let y)):
            x == y
        case (.histogram(let x, let xCount, let xSum), .histogram(let y, let yCount, let ySum)):
            x.elementsEqual(y, by: ==) && xCount == yCount && xSum == ySum
        case (.value, .histogram), (.histogram, .value):
            false
        }
    }
}

/// A value that only grows. Without a lock.
public final class MetricCounter: MetricInstrument {
    private let bits = Atomic<UInt64>(0)

    /// A counter at 0.
    public init() {}

    /// Adds an amount; what is negative or no number is ignored, for a counter must not fall.
    public func add(_ amount: Double = 1) {
        guard amount >= 0 else { return }
        bits.update { $0 + amount }
    }

    /// The value now.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    /// The value now.
    public var reading: MetricReading { .value(value) }
}

/// A value that goes up and down. Without a lock.
public final class MetricGauge: MetricInstrument {
    private let bits = Atomic<UInt64>(0)

    /// A gauge at 0.
    public init() {}

    /// Sets the value.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds an amount, which may be negative.
    public func add(_ amount: Double) {
        bits.update { $0 + amount }
    }

    /// The value now.
    public var reading: MetricReading { .value(Double(bitPattern: bits.load(ordering: .relaxed))) }
}

extension Atomic<UInt64> {
    /// Replaces the number that these bits are by another that follows from it.
    fileprivate func update(_ next: (Double) -> Double) {
        var old = load(ordering: .relaxed)
        while true {
            let new = next(Double(bitPattern: old)).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}

/// Counts observations by size.
public final class MetricHistogram: MetricInstrument {
    /// Upper bounds for times: 1 ms to 60 s.
    public static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Upper bounds for batch sizes.
    public static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    private struct State {
        /// One more than there are bounds: the last counts what is above all.
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// A histogram with these upper bounds, in ascending order.
    public init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Counts one observation; what is no number is ignored, for it would spoil the sum for ever.
    public func observe(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    /// The counts now, cumulative.
    public var reading: MetricReading {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var total = 0
        var buckets: [(bound: Double, count: Int)] = []
        for (bound, count) in zip(bounds, counts) {
            total += count
            buckets.append((bound, total))
        }
        return .histogram(buckets: buckets, count: total + (counts.last ?? 0), sum: sum)
    }
}
