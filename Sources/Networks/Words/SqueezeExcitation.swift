import Checkpoint
import Tensor

/// The share of each channel of a grid (Hu et al. 2018): hardsigmoid(up(relu(down(mean of the grid)))).
struct SqueezeExcitation: Sendable {
    private let down: Linear
    private let up: Linear
    private let channels: Int
    private let slope: Float

    /// Reads `down` and `up`, convolutions of one cell.
    /// - Parameter slope: of the hard sigmoid, min(max(slope · x + 0.5, 0), 1).
    init(_ weights: Weights, channels: Int, slope: Float) {
        self.channels = channels
        down = weights.linear("down", channels, channels / 4, window: [1, 1])
        up = weights.linear("up", channels / 4, channels, window: [1, 1])
        self.slope = slope
    }

    /// x [cells, channels] in place: x · share, or x + x · share where it `adds`.
    func apply(_ x: UnsafeMutablePointer<Float>, cells: Int, adds: Bool = false, pool: ComputePool) {
        let channels = channels
        withUnsafeTemporaryAllocation(of: Float.self, capacity: channels * 2) { scratch in
            // There are channels, so that there is a base address.
            guard let mean = scratch.baseAddress else { return }
            let share = mean + channels
            Self.mean(of: x, cells: cells, channels: channels, into: mean)
            down.apply(mean, rows: 1, activation: .relu, into: share, pool: pool)
            up.apply(share, rows: 1, into: mean, pool: pool)
            let base: Float = adds ? 1 : 0
            for channel in 0..<channels { share[channel] = base + min(max(slope * mean[channel] + 0.5, 0), 1) }
            // Threads read the shares and write cells of their own.
            nonisolated(unsafe) let (x, shares) = (x, UnsafePointer(share))
            pool.parallelFor(cells, grain: max(1, 32_768 / channels)) { range in
                for cell in range {
                    let values = x + cell * channels
                    for channel in 0..<channels { values[channel] *= shares[channel] }
                }
            }
        }
    }

    /// Summed row by row in doubles: a picture has a hundred thousand cells.
    private static func mean(
        of x: UnsafePointer<Float>, cells: Int, channels: Int, into mean: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: channels) { sums in
            for channel in 0..<channels { sums[channel] = 0 }
            for cell in 0..<cells {
                let values = x + cell * channels
                for channel in 0..<channels { sums[channel] += Double(values[channel]) }
            }
            for channel in 0..<channels { mean[channel] = Float(sums[channel] / Double(cells)) }
        }
    }
}
