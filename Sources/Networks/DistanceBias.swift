import Checkpoint
import Glibc
import Tensor

/// What attention is raised by for the distance from a query to a key (Raffel et al. 2020), as MPNet has it (Song et al. 2020): one table
/// for all layers, of so many values for near distances, and for far ones of so many that grow with their logarithm.
struct DistanceBias: Sendable {
    /// The distances of MPNet, which its configuration does not change.
    private static let buckets = 32
    private static let farthest = 128.0

    /// [heads, distances]: from -(n - 1) to n - 1.
    private let values: [Float]
    private let distances: Int

    /// Reads `encoder.relative_attention_bias.weight` [buckets, heads].
    init(_ weights: Weights, _ configuration: TextEncoder, buckets: Int) {
        let heads = configuration.attentionHeads
        let table = weights.floats("encoder.relative_attention_bias.weight", [buckets, heads])
        let most = configuration.maxPositions - configuration.firstPosition
        let distances = weights.isSound ? 2 * most - 1 : 0
        var values = [Float](repeating: 0, count: heads * distances)
        for place in 0..<distances {
            let bucket = Self.bucket(of: place - most + 1)
            for head in 0..<heads { values[head * distances + place] = table[bucket * heads + head] }
        }
        self.values = values
        self.distances = distances
    }

    /// Calls `body` with the bias of any sequence, which is valid until it returns: that of the first query and key stands in the middle of a
    /// row, and that of each query after it begins one before.
    func use(_ body: (AttentionBias?) -> Void) {
        values.withUnsafeBufferPointer { values in
            body(
                values.baseAddress.map {
                    AttentionBias($0 + distances / 2, headStride: distances, queryStride: -1)
                })
        }
    }

    /// `relative_position_bucket` of the reference.
    /// - Parameter distance: the key's position less the query's.
    private static func bucket(of distance: Int) -> Int {
        let half = buckets / 2
        let near = half / 2
        let length = abs(distance)
        let beginning = distance > 0 ? half : 0
        guard length >= near else { return beginning + length }
        // In single precision, as the reference has it: at its borders that decides.
        let share = logf(Float(length) / Float(near)) / Float(log(farthest / Double(near)))
        return beginning + min(half - 1, near + Int(share * Float(half - near)))
    }
}
