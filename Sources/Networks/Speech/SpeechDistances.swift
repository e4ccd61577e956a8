import Checkpoint
import Glibc
import Tensor

/// WavLM's bias of attention (Chen et al. 2022): a table of distances, the first layer's, which all layers share and each lets through by
/// a gate of its own.
struct SpeechDistances: Sendable {
    private let heads: Int, buckets: Int
    private let farthest: Double
    /// [buckets, heads]
    private let table: [Float]

    /// Reads `rel_attn_embed` of the first layer's attention.
    init(_ weights: Weights, _ configuration: SpeechConfiguration) {
        heads = configuration.attentionHeads
        buckets = configuration.distanceBuckets
        farthest = Double(configuration.farthestDistance)
        table = weights.floats("rel_attn_embed.weight", [buckets, heads])
    }

    /// The row of the table for a distance, the key's position less the query's: `_relative_positions_bucket` of the reference, in its
    /// single precision.
    private func bucket(of distance: Int) -> Int {
        let half = buckets / 2
        let near = half / 2
        let length = abs(distance)
        let beginning = distance > 0 ? half : 0
        guard length >= near else { return beginning + length }
        let share = logf(Float(length) / Float(near)) / Float(log(farthest / Double(near))) * Float(half - near)
        return beginning + min(half - 1, Int(Float(near) + share))
    }

    /// Queries whose bias is there at once.
    private static let queriesAtOnce = 128

    /// Calls `body` with the bias of some of the queries after the other, which is valid until it returns.
    /// - Parameter gates: [heads, rows]
    func inBlocks(
        of rows: Int, _ gates: [Float], _ workspace: Workspace, _ pool: ComputePool,
        _ body: (_ queries: Range<Int>, _ bias: AttentionBias) -> Void
    ) {
        let most = min(rows, Self.queriesAtOnce)
        let distances = 2 * rows - 1
        workspace.begin(heads * distances, heads * most * rows)
        let values = workspace.take(heads * distances)  // [heads, distances]
        let bias = workspace.take(heads * most * rows)  // [heads, queries, keys]
        for place in 0..<distances {
            let row = bucket(of: place - rows + 1) * heads
            for head in 0..<heads { values[head * distances + place] = table[row + head] }
        }
        // Threads read the values and gates, and write rows of their own.
        nonisolated(unsafe) let (from, to) = (values, bias)
        for first in stride(from: 0, to: rows, by: most) {
            let queries = first..<min(first + most, rows)
            pool.parallelFor(heads * queries.count, grain: max(1, 32_768 / rows)) { range in
                for task in range {
                    let (head, query) = (task / queries.count, task % queries.count)
                    let gate = gates[head * rows + first + query]
                    let source = from + head * distances + rows - 1 - first - query
                    let target = to + (head * queries.count + query) * rows
                    for key in 0..<rows { target[key] = source[key] * gate }
                }
            }
            body(queries, AttentionBias(bias, headStride: queries.count * rows, queryStride: rows))
        }
    }
}

/// How much of the distances' bias each query of a layer lets through, in each head:
///
///     a, b = sigmoid(sums of two halves of linear(x));  gate = a · (b · constant - 1) + 2
struct DistanceGate: Sendable {
    private let heads: Int, headWidth: Int
    /// [2, head width] and [2]: the sum of four outputs each.
    private let weight: [Float], bias: [Float]
    private let constant: [Float]

    /// Reads `gru_rel_pos_const` and `gru_rel_pos_linear`.
    init(_ weights: Weights, width: Int, heads: Int) {
        self.heads = heads
        headWidth = width / heads
        constant = weights.floats("gru_rel_pos_const", [1, heads, 1, 1])
        let matrix = weights.floats("gru_rel_pos_linear.weight", [8, headWidth])
        let shifts = weights.floats("gru_rel_pos_linear.bias", [8])
        let headWidth = headWidth
        func sum(_ values: [Float], _ half: Int, _ channel: Int, width: Int) -> Float {
            Float((0..<4).reduce(0.0) { $0 + Double(values[(half * 4 + $1) * width + channel]) })
        }
        weight = weights.made(
            (0..<2 * headWidth).map { sum(matrix, $0 / headWidth, $0 % headWidth, width: headWidth) }, orElse: [])
        bias = weights.made((0..<2).map { sum(shifts, $0, 0, width: 1) }, orElse: [])
    }

    /// The gates [heads, rows] of what attention reads, x [rows, d].
    func gates(_ x: UnsafePointer<Float>, rows: Int) -> [Float] {
        var gates = [Float](repeating: 0, count: heads * rows)
        for head in 0..<heads {
            for row in 0..<rows {
                let state = x + row * heads * headWidth + head * headWidth
                var (first, second) = (bias[0], bias[1])
                for channel in 0..<headWidth {
                    first += state[channel] * weight[channel]
                    second += state[channel] * weight[headWidth + channel]
                }
                let (a, b) = (1 / (1 + expf(-first)), 1 / (1 + expf(-second)))
                gates[head * rows + row] = a * (b * constant[head] - 1) + 2
            }
        }
        return gates
    }
}
