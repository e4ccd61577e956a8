import JSON

/// One way in which clients may try to shut the door for others.
protocol Attack: Sendable {
    /// What `--only` calls it.
    var name: String { get }
    /// What the attackers do.
    var deed: String { get }
    /// Settings of the server beyond those that all attacks share.
    var settings: [String] { get }
    /// API keys that the server knows; empty for a server without.
    var keys: [String] { get }
    /// Attacks a server that is ready and has nothing else to do.
    func run(_ server: ServerUnderAttack) throws -> [Figure]
}

extension Attack {
    var settings: [String] { [] }
    var keys: [String] { [] }
}

/// What an attack came to.
struct Figure: Sendable {
    enum Bound: Sendable {
        case atMost(Double)
        case atLeast(Double)
    }

    let name: String
    let value: Double
    /// `ms`, `MB`, `×`; empty for counts and shares.
    let unit: String
    /// nil where the figure is told for orientation.
    let bound: Bound?

    init(_ name: String, _ value: Double, _ unit: String = "", _ bound: Bound? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.bound = bound
    }

    /// Whether the value is within its bound. What is no number is not.
    var isHeld: Bool {
        switch bound {
        case nil: true
        case .atMost(let most): value <= most
        case .atLeast(let least): value >= least
        }
    }

    /// The value as a table shows it.
    var text: String { Self.text(value, unit) }

    /// The bound as a table shows it.
    var boundText: String {
        switch bound {
        case nil: ""
        case .atMost(let most): "≤ " + Self.text(most, unit)
        case .atLeast(let least): "≥ " + Self.text(least, unit)
        }
    }

    private static func text(_ value: Double, _ unit: String) -> String {
        guard value.isFinite else { return "never" }
        let digits = value == value.rounded() ? 0 : value.magnitude < 10 ? 2 : 1
        let number = value.text(decimals: digits)
        return unit.isEmpty ? number : "\(number) \(unit)"
    }
}

/// Figures that several attacks have.
extension Figure {
    /// Requests of polite clients that were not done.
    static func refused(_ who: String, _ figures: LoadFigures) -> Figure {
        Figure("\(who) refused or unanswered", Double(figures.refused + figures.unanswered), "", .atMost(0))
    }

    /// The share of a polite client's requests that was done.
    static func answered(_ who: String, _ figures: LoadFigures, atLeast least: Double) -> Figure {
        let share = figures.samples.isEmpty ? 0 : Double(figures.answered) / Double(figures.samples.count)
        return Figure("\(who) answered", share, "", .atLeast(least))
    }

    /// How many times longer a quantile of the answers takes than it does alone, and how long that is.
    static func slowdown(
        _ who: String, _ beside: LoadFigures, _ alone: LoadFigures, quantile: Double, atMost most: Double
    ) -> [Figure] {
        let name = quantile == 0.5 ? "p50" : "p\(Int(quantile * 100))"
        // Nothing answered takes for ever.
        let (slow, quick) = (beside.latency(quantile) ?? .infinity, alone.latency(quantile) ?? .nan)
        return [
            Figure("\(who) \(name) beside the attack", slow, "ms"),
            Figure("\(who) \(name) against alone", slow / quick, "×", .atMost(most)),
        ]
    }
}
