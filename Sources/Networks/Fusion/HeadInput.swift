import Checkpoint
import Tensor

/// The adapter of one part: tokens of its tower become tokens of the head.
///
///     x = layers(norm(projection(tokens)) + positions)
///
/// Of a tower that gives several hidden states a learned weighted mean is read (Yang 2021, SUPERB).
struct HeadInput: Sendable {
    private let width: Int
    private let inner: Int
    private let towerWidth: Int
    private let pooling: SensoriumConfiguration.HeadInput.Pooling
    /// The states that are read, nil for the last one; and their weights, which sum to 1.
    private let states: [Int]?
    private let stateWeights: [Float]
    private let projection: Linear
    private let norm: LayerNorm
    private let positions: [Float]  // [positions, width]
    private let layers: [TransformerLayer]

    /// Reads the adapter's tensors.
    init(
        _ weights: Weights, _ input: SensoriumConfiguration.HeadInput, _ shape: SensoriumConfiguration.HeadShape,
        towerWidth: Int
    ) {
        let width = shape.width
        self.width = width
        inner = shape.feedForward
        self.towerWidth = towerWidth
        pooling = input.pooling
        states = input.hiddenStates
        let chosen = input.hiddenStates.map { weights.floats("state_weights", [$0.count]) } ?? []
        stateWeights = chosen.isEmpty ? [] : softmax(chosen)
        projection = weights.linear("projection", towerWidth, width)
        norm = weights.layerNorm("norm", width, epsilon: shape.layerNormEpsilon)
        positions = input.positions > 0 ? weights.floats("positions", [input.positions, width]) : []
        layers = (0..<input.layers).map { index in
            TransformerLayer(
                weights["layers.\(index)"], width: width, heads: shape.attentionHeads, inner: shape.feedForward,
                epsilon: shape.layerNormEpsilon)
        }
    }

    /// How many of a tower's tokens are read: those that have a position.
    func count(_ tokens: TowerTokens) -> Int {
        positions.isEmpty ? tokens.tokens : min(tokens.tokens, positions.count / width)
    }

    /// The width of what `pool` makes.
    var pooledWidth: Int { pooling == .mean ? width : 2 * width }

    /// Floats that `apply` overwrites for so many rows, besides x and [rows, width].
    func wideCount(rows: Int) -> Int { rows * max(towerWidth, layers.isEmpty ? 0 : max(3 * width, inner)) }

    /// Tokens of several items → x [rows, width], the items one below the other. `normed` [rows, width] and `wide` of
    /// `wideCount` are overwritten.
    func apply(
        _ items: [TowerTokens], _ rows: RowSpans, into x: UnsafeMutablePointer<Float>,
        normed: UnsafeMutablePointer<Float>, wide: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        for (item, span) in zip(items, rows.spans) {
            precondition(item.width == towerWidth, "a tower's tokens are \(item.width) wide instead of \(towerWidth)")
            read(item, count: span.count, into: wide + span.lowerBound * towerWidth)
        }
        projection.apply(wide, rows: rows.total, into: normed, pool: pool)
        norm.apply(normed, rows: rows.total, into: x, pool: pool)
        if !positions.isEmpty {
            for span in rows.spans {
                let first = x + span.lowerBound * width
                for index in 0..<span.count * width { first[index] += positions[index] }
            }
        }
        for layer in layers { layer.apply(x, rows, normed: normed, wide: wide, pool: pool) }
    }

    /// The last state, or the weighted mean of those that are read: [count, width of the tower].
    private func read(_ item: TowerTokens, count: Int, into rows: UnsafeMutablePointer<Float>) {
        let size = count * towerWidth
        let stateSize = item.tokens * towerWidth
        item.values.withUnsafeBufferPointer { values in
            guard let states else {
                let last = (item.states - 1) * stateSize
                for index in 0..<size { rows[index] = values[last + index] }
                return
            }
            rows.update(repeating: 0, count: size)
            for (state, weight) in zip(states, stateWeights) {
                precondition(state < item.states, "a tower gave \(item.states) hidden states")
                let first = state * stateSize
                for index in 0..<size { rows[index] += weight * values[first + index] }
            }
        }
    }

    /// The tokens of one item [rows, width] → their mean, or mean and deviation side by side [pooledWidth].
    func pool(_ x: UnsafePointer<Float>, rows: Int) -> [Float] {
        let mean = meanOfRows(x, rows: rows, width: width)
        guard pooling == .meanDeviation else { return mean }
        var deviation = [Float](repeating: 0, count: width)
        for row in 0..<rows {
            for column in 0..<width {
                let difference = x[row * width + column] - mean[column]
                deviation[column] += difference * difference
            }
        }
        let scale = 1 / Float(rows)
        for column in 0..<width { deviation[column] = (deviation[column] * scale + 1e-5).squareRoot() }
        return mean + deviation
    }

    /// What `use` makes, for each of `rows` rows, which are at least two, of the mean of the others and what the part says alone by
    /// them; it gets no more than `atOnce` at a time.
    func poolWithoutEach<Value>(
        _ x: UnsafePointer<Float>, rows: Int, atOnce: Int, _ use: ([(mean: [Float], pooled: [Float])]) -> [Value]
    ) -> [Value] {
        let mean = meanOfRows(x, rows: rows, width: width)
        let others = Float(rows - 1)
        // Of the differences from the mean, so that nothing large is subtracted from something large.
        var squares = [Float](repeating: 0, count: width)
        for row in 0..<rows {
            for column in 0..<width {
                let difference = x[row * width + column] - mean[column]
                squares[column] += difference * difference
            }
        }
        func without(_ row: Int) -> (mean: [Float], pooled: [Float]) {
            var (rest, deviation) = (mean, [Float](repeating: 0, count: width))
            for column in 0..<width {
                let difference = x[row * width + column] - mean[column]
                let shift = difference / others
                rest[column] -= shift
                let variance = max(0, (squares[column] - difference * difference) / others - shift * shift)
                deviation[column] = (variance + 1e-5).squareRoot()
            }
            return (rest, pooling == .meanDeviation ? rest + deviation : rest)
        }
        return stride(from: 0, to: rows, by: atOnce).flatMap { first in
            use((first..<min(first + atOnce, rows)).map(without))
        }
    }
}

/// The mean of `rows` rows of [rows, width].
func meanOfRows(_ x: UnsafePointer<Float>, rows: Int, width: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: width) { mean, initialized in
        // A width is above 0, so that there is a base address.
        if let base = mean.baseAddress { meanPool(x, rows: rows, width: width, into: base) }
        initialized = width
    }
}

extension SensoriumConfiguration.HeadInput {
    /// The tensors of the part are called by it, where a dot would end the name.
    static func tensorName(ofPart part: String) -> String { String(part.map { $0 == "." ? "_" : $0 }) }
}
