import Checkpoint
import Tensor

/// A transposed convolution with a window of 2 × 2 and a step of 2: each cell becomes four, which no other cell touches.
struct Doubling: Sendable {
    private let product: Pointwise
    private let outputs: Int
    private let activation: Activation

    /// Reads `weight` [channels, outputs, 2, 2] and `bias` [outputs].
    init(_ weights: Weights, _ channels: Int, _ outputs: Int, activation: Activation) {
        let weight = weights.floats("weight", [channels, outputs, 2, 2])
        let bias = weights.floats("bias", [outputs])
        product = weights.made(Self.product(weight, bias, channels, outputs), orElse: .standIn)
        self.outputs = outputs
        self.activation = activation
    }

    private static func product(
        _ weight: [Float], _ bias: [Float], _ channels: Int, _ outputs: Int
    ) -> Pointwise {
        // [2, 2, outputs, channels]: the four cells, one below the other.
        var ordered = [Float](repeating: 0, count: weight.count)
        for channel in 0..<channels {
            for output in 0..<outputs {
                for tap in 0..<4 {
                    ordered[(tap * outputs + output) * channels + channel] =
                        weight[(channel * outputs + output) * 4 + tap]
                }
            }
        }
        return Pointwise(weight: ordered, bias: bias + bias + bias + bias, outputs: 4 * outputs, inputs: channels)
    }

    /// x [height, width, channels] → y [2 · height, 2 · width, outputs]; `between` has room for as much and is overwritten.
    func apply(
        _ x: UnsafePointer<Float>, height: Int, width: Int, between: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        product(x, rows: height * width, activation: activation, into: between, pool: pool)
        let pair = 2 * outputs
        // Threads read what is between and write rows of their own.
        nonisolated(unsafe) let (between, y) = (UnsafePointer(between), y)
        pool.parallelFor(2 * height, grain: 16) { rows in
            for row in rows {
                let from = between + row / 2 * width * 2 * pair + row % 2 * pair
                let to = y + row * width * pair
                for column in 0..<width { (to + column * pair).update(from: from + column * 2 * pair, count: pair) }
            }
        }
    }
}
