import Checkpoint
import Glibc
import Tensor

/// Names of things that were seen, as answers of a question head beside its labels; both share one softmax (CopyNet, Gu et al.
/// 2016):
///
///     score = query(q) · key(t) / √w + likelihood([whole, part, l(whole), l(part)]) + gate(q),   l(p) = 1 − log p / log 0.001
///
/// q is the question and t the name in the joint space.
public final class NamedAnswers: Sendable {
    /// The answers of the head: its labels, then the names that are none.
    public let answers: [String]

    /// Of each name the answer that it is.
    private let answerOfName: [Int]
    private let query: Linear  // d → w
    private let gate: Linear  // d → 1
    private let keys: [Float]  // [names, w]
    private let likelihoodWeight: [Float]  // [4]
    private let likelihoodBias: Float

    /// Reads the tensors `things.…` of the head, and the vectors of names, the tensor `things` of the space.
    public init(_ head: Weights, labels: [String], names: NamesOfThings, space: Weights, dimensions: Int) {
        let (answers, answerOfName) = Self.answers(labels, names.all)
        self.answers = answers
        self.answerOfName = answerOfName
        let weights = head["things"]
        let width = Self.width
        query = weights.linear("query", dimensions, width)
        gate = weights.linear("gate", dimensions, 1)
        likelihoodWeight = weights.floats("likelihood.weight", [1, 4])
        likelihoodBias = weights.floats("likelihood.bias", [1]).first ?? 0
        let key = weights.linear("key", dimensions, width)
        let vectors = space.floats("things", [names.all.count, dimensions])
        guard weights.isSound else {
            keys = []
            return
        }
        var keys = [Float](repeating: 0, count: names.all.count * width)
        key.apply(vectors, rows: names.all.count, into: &keys, pool: ComputePool(threads: 1))
        self.keys = keys
    }

    /// Labels, then the names that are none; and of each name the answer that it is.
    static func answers(_ labels: [String], _ names: [String]) -> (answers: [String], ofNames: [Int]) {
        var places = Dictionary(labels.enumerated().map { ($1, $0) }) { first, _ in first }
        var answers = labels
        let ofNames = names.map { name in
            if let place = places[name] { return place }
            places[name] = answers.count
            answers.append(name)
            return answers.count - 1
        }
        return (answers, ofNames)
    }

    /// The logits of the labels, and of all answers where `things` were seen by the side of a `question`, a vector of the space.
    public func answer(
        _ labels: [Float], question: [Float]?, things: [SeenThing], pool: ComputePool
    ) -> [Float] {
        var logits = labels + [Float](repeating: -.infinity, count: answers.count - labels.count)
        guard let question, !things.isEmpty else { return logits }
        let asked = FloatBuffer(count: Self.width)
        query.apply(question, rows: 1, into: asked.pointer, pool: pool)
        var open: Float = 0
        gate.apply(question, rows: 1, into: &open, pool: pool)
        let scale = 1 / Float(Self.width).squareRoot()
        for thing in things {
            let key = thing.name * Self.width
            var fit: Float = 0
            for column in 0..<Self.width { fit += asked.pointer[column] * keys[key + column] }
            var score = fit * scale + open + likelihoodBias
            for (weight, value) in zip(likelihoodWeight, thing.likelihoods) { score += weight * value }
            let place = answerOfName[thing.name]
            // log(exp a + exp b), without overflow
            let (high, low) = (max(logits[place], score), min(logits[place], score))
            logits[place] = high + log1p(exp(low - high))
        }
        return logits
    }

    /// Which of the things an answer names, by its place in `answers`.
    public func things(_ things: [SeenThing], namedBy answer: Int) -> [SeenThing] {
        things.filter { answerOfName[$0.name] == answer }
    }

    private static let width = 64
}
