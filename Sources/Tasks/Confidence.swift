import Checkpoint
import Glibc
import JSON

/// How sure a head is of an answer, and why.
public struct Confidence: Sendable, Equatable {
    /// What a measure of the answer says.
    public struct Ground: Sendable, Equatable {
        /// What was measured.
        public let measure: ConfidenceMeasure
        /// What came of it.
        public let value: Float
        /// What it adds to the log-odds that the answer is right: below 0 where it is worse than usual.
        public let weight: Float

        /// The measure's name in `config.json`.
        public var name: String { measure.rawValue }
    }

    /// The probability that the answer is right, 0 to 1.
    public let value: Double
    /// What it was computed from, in the order of `config.json`.
    public let grounds: [Ground]

    /// Computes it by a curve. A measure that is missing counts as usual.
    init(_ curve: SensoriumConfiguration.ConfidenceCurve, _ measured: [ConfidenceMeasure: Float]) {
        grounds = curve.terms.compactMap { term in
            measured[term.measure].map {
                Ground(measure: term.measure, value: $0, weight: term.weight * ($0 - term.usual))
            }
        }
        value = 1 / (1 + exp(-Double(grounds.reduce(curve.offset) { $0 + $1.weight })))
    }

    /// Confidence and grounds of one's own.
    public init(value: Double, grounds: [Ground] = []) {
        self.value = value
        self.grounds = grounds
    }

    /// Why an answer is withheld that had to be surer: a sentence.
    public func reason(toDeclineBelow least: Double) -> String {
        "The confidence is \(value.text(decimals: 2)) and had to be \(least.text(decimals: 2)) at least: \(doubt)."
    }

    /// What speaks most against the answer.
    private var doubt: String {
        let worst = grounds.filter { $0.weight < 0 }.min { $0.weight < $1.weight }
        return switch worst?.measure {
        case .seen?: "nothing in the picture is recognised with certainty"
        case .said?, .names?: "it names something that is not recognised with certainty"
        case .match?: "it does not fit the picture well"
        case .meanLogProbability?, .logOdds?: "others are nearly as likely"
        case nil: "even a usual answer is not that sure"
        }
    }
}

extension Confidence {
    /// The log-odds of a probability, −12 to 12.
    static func logOdds(_ probability: Float) -> Float {
        let odds = log(Double(probability)) - log1p(-Double(probability))
        return Float(max(-12, min(12, odds)))
    }
}
