import Checkpoint
import Tensor

/// The classifier of a convolutional network: global average pooling, then one linear layer.
///
///     logits = W · mean(tokens) + b
///
/// As the mean commutes with the layer, the class activation map (Zhou et al. 2016) tells what each token adds to a label.
public final class LinearHead: Sendable {
    private let part: String
    private let labels: Int
    private let classifier: Linear
    private let bias: [Float]

    /// Reads the tensors `classifier.…`.
    public init(
        _ weights: Weights, _ head: SensoriumConfiguration.LinearHead, towers: Named<SensoriumConfiguration.Tower>
    ) {
        // The configuration was checked: there is one part.
        part = head.inputs.names.first ?? ""
        labels = head.labels.count
        let width = head.inputs.values.first.map { towers.width(of: $0.tower) } ?? 0
        classifier = weights.linear("classifier", width, labels)
        bias = weights.floats("classifier.bias", [labels])
    }

    /// What the head says of several items. `explains` says of which the class activation map of the first label is wanted:
    /// its positive part, scaled to the sum 1. Tokens of another width than the tower's are the caller's mistake and stop
    /// the program.
    public func classify(_ items: [TowerTokens], explains: [Bool], pool: ComputePool) -> [ClassifierHead.Output] {
        guard !items.isEmpty else { return [] }
        let means = items.flatMap { meanOfRows(lastState(of: $0), rows: $0.tokens, width: $0.width) }
        let logits = logits(of: means, rows: items.count, pool)
        return items.indices.map { item in
            let logits = Array(logits[item * labels..<(item + 1) * labels])
            return ClassifierHead.Output(
                logits: logits, alone: [part: logits], without: [:],
                attention: explains[item] ? [part: activation(of: items[item], logits, pool)] : nil)
        }
    }

    /// The logits of one picture, a square grid of tokens, and of its parts: squares of five by five tokens, every second one.
    /// [1 + parts, labels]; a grid that is smaller than such a part has none.
    public func scores(ofGrid item: TowerTokens, pool: ComputePool) -> [[Float]] {
        let side = Int(Double(item.tokens).squareRoot())
        precondition(side * side == item.tokens, "\(item.tokens) tokens are no square grid")
        let state = lastState(of: item)
        var rows = meanOfRows(state, rows: item.tokens, width: item.width)
        let corners = Self.corners(ofPartsOf: side)
        for corner in corners {
            var part: [Float] = []
            for row in corner.top..<corner.top + Self.partSide {
                let first = (row * side + corner.left) * item.width
                part += state[first..<first + Self.partSide * item.width]
            }
            rows += meanOfRows(part, rows: Self.partSide * Self.partSide, width: item.width)
        }
        let count = 1 + corners.count
        let logits = logits(of: rows, rows: count, pool)
        return (0..<count).map { Array(logits[$0 * labels..<($0 + 1) * labels]) }
    }

    /// Where the parts of a picture of so many tokens are, in the order of `scores(ofGrid:pool:)`.
    public static func places(ofPartsOf tokens: Int) -> [PartPlace] {
        let side = Int(Double(tokens).squareRoot())
        return corners(ofPartsOf: side).map {
            PartPlace(
                x: Double($0.left) / Double(side), y: Double($0.top) / Double(side),
                side: Double(partSide) / Double(side))
        }
    }

    private static func corners(ofPartsOf side: Int) -> [(top: Int, left: Int)] {
        let starts = Array(stride(from: 0, through: side - partSide, by: partStep))
        return starts.flatMap { top in starts.map { (top, $0) } }
    }

    private static let partSide = 5
    private static let partStep = 2

    /// [tokens, width]
    private func lastState(of item: TowerTokens) -> [Float] {
        Array(item.values.suffix(item.tokens * item.width))
    }

    private func logits(of rows: [Float], rows count: Int, _ pool: ComputePool) -> [Float] {
        [Float](unsafeUninitializedCapacity: count * labels) { logits, initialized in
            // There is at least one row and one label, so that there is a base address.
            if let base = logits.baseAddress { classifier.apply(rows, rows: count, into: base, pool: pool) }
            initialized = count * labels
        }
    }

    private func activation(of item: TowerTokens, _ logits: [Float], _ pool: ComputePool) -> [Float] {
        let label = logits.indices.max { logits[$0] < logits[$1] } ?? 0
        let ofTokens = self.logits(of: lastState(of: item), rows: item.tokens, pool)
        let map = (0..<item.tokens).map { max(0, ofTokens[$0 * labels + label] - bias[label]) }
        let sum = map.reduce(0, +)
        return map.map { sum > 0 ? $0 / sum : 1 / Float(map.count) }
    }
}

/// Where a part of a picture is, in shares of the picture's sides.
public struct PartPlace: Sendable, Equatable {
    /// Its left edge and its upper one, 0 to 1.
    public let x: Double, y: Double
    /// Its width and its height, 0 to 1.
    public let side: Double

    /// A place of those members.
    public init(x: Double, y: Double, side: Double) {
        self.x = x
        self.y = y
        self.side = side
    }
}
