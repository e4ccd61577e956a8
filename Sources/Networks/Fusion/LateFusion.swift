import Checkpoint
import Glibc

/// One answer of what the parts say alone, each by itself: decision-level fusion.
enum LateFusion: Sendable {
    /// The mean of their probabilities.
    case mean
    /// The label that most parts choose; where several have as many votes, the mean decides.
    case vote
    /// A log-linear pool: Σ scale · log p, the scales learned.
    case weighted(scales: [Float])

    /// Reads `input_scales` for the weighted pool of so many parts.
    init(_ weights: Weights, _ late: SensoriumConfiguration.Fusion.Late, parts: Int) {
        switch late {
        case .mean: self = .mean
        case .vote: self = .vote
        case .weighted: self = .weighted(scales: weights.floats("input_scales", [parts]).map(softplus))
        }
    }

    /// The logits of the parts that are there, by the part's place among the inputs → log-probabilities (of the weighted
    /// pool up to a constant).
    func callAsFunction(_ logits: [(part: Int, logits: [Float])]) -> [Float] {
        let labels = logits[0].logits.indices
        switch self {
        case .weighted(let scales):
            var sum = [Float](repeating: 0, count: labels.count)
            for (part, logits) in logits {
                let logs = logSoftmax(logits)
                for label in labels { sum[label] += scales[part] * logs[label] }
            }
            return sum
        case .mean, .vote:
            let probabilities = logits.map { softmax($0.logits) }
            let count = Float(logits.count)
            var mean = labels.map { label in probabilities.reduce(0) { $0 + $1[label] } / count }
            if case .vote = self {
                // The mean, which is at most 1, decides between labels with as many votes.
                var votes = [Float](repeating: 0, count: labels.count)
                for said in probabilities { votes[indexOfLargest(said)] += 1 }
                mean = labels.map { (votes[$0] + mean[$0]) / (count + 1) }
            }
            return mean.map { log(max($0, 1e-12)) }
        }
    }
}
