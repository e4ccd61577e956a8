import Checkpoint

/// How well two parts match, from their vectors v and q of length 1 in the joint space:
///
///     dimensions · (v - mean) ⊙ q
///
/// Scaled so that its numbers are about as large as those of the other terms.
struct MatchingTerm: Sendable {
    /// The two parts, and their places among the parts of the head. The mean is the first one's.
    private let parts: [(place: Int, name: String)]
    /// The mean vector of the first part over the training data.
    private let mean: [Float]

    /// Reads the tensor `mean`.
    init(_ weights: Weights, _ match: SensoriumConfiguration.Match, among parts: [String]) {
        self.parts = parts.enumerated().filter { match.inputs[$0.element] != nil }.map { ($0.offset, $0.element) }
        mean = weights.floats("mean", [match.dimensions])
    }

    /// The term of an item, from the vectors of those parts that it has.
    func term(of vectors: [String: [Float]]) -> CrossAttentionFusion.Term {
        var term = CrossAttentionFusion.Term(parts: Set(parts.map(\.place)), width: mean.count)
        if let first = vectors[parts[0].name], let second = vectors[parts[1].name] {
            let scale = Float(mean.count)
            term.value = mean.indices.map { scale * (first[$0] - mean[$0]) * second[$0] }
        }
        return term
    }
}
