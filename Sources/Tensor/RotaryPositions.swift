import Glibc

/// Positions by rotation (Su et al. 2021): of a head's channels each of the first half and its neighbour in the second half turn
/// together, by the token's position times a frequency of their own. As Llama has it:
///
///     x[i]        = x[i] · cos(p · f[i]) − x[i + d/2] · sin(p · f[i])
///     x[i + d/2]  = x[i + d/2] · cos(p · f[i]) + x[i] · sin(p · f[i])
public struct RotaryPositions: Sendable {
    /// How frequencies are changed for texts longer than those that were learned from.
    public enum Scaling: Sendable, Equatable {
        /// Not at all.
        case none
        /// All divided by a factor.
        case linear(Double)
        /// Low ones divided by a factor, high ones not, and those in between in part: Llama 3.1.
        case llama3(factor: Double, low: Double, high: Double, learnedLength: Double)
    }

    /// Channels of a head, even.
    public let headWidth: Int
    /// Radians from one token to the next, for each pair of channels: `headWidth` / 2.
    public let frequencies: [Float]

    /// The frequencies base^(−2i/d), computed as transformers does, in floats.
    public init(headWidth: Int, base: Double, scaling: Scaling = .none) {
        self.headWidth = headWidth
        frequencies = (0..<headWidth / 2).map { pair in
            let exponent = Float(2 * pair) / Float(headWidth)
            return Self.scaled(1 / Float(pow(base, Double(exponent))), scaling)
        }
    }

    private static func scaled(_ frequency: Float, _ scaling: Scaling) -> Float {
        switch scaling {
        case .none: return frequency
        case .linear(let factor): return frequency / Float(factor)
        case .llama3(let factor, let low, let high, let length):
            let wave = Float(2 * Double.pi) / frequency
            if wave > Float(length / low) { return frequency / Float(factor) }
            if wave < Float(length / high) { return frequency }
            let share = (Float(length) / wave - Float(low)) / Float(high - low)
            return (1 - share) * frequency / Float(factor) + share * frequency
        }
    }

    /// The cosines and sines of tokens at these positions: [positions, cosines | sines], `headWidth` floats each.
    public func write(_ positions: some Sequence<Int>, into rotations: UnsafeMutablePointer<Float>) {
        let half = headWidth / 2
        for (row, position) in positions.enumerated() {
            for pair in 0..<half {
                let angle = Double(Float(position) * frequencies[pair])
                rotations[row * headWidth + pair] = Float(cos(angle))
                rotations[row * headWidth + half + pair] = Float(sin(angle))
            }
        }
    }

    /// Turns the first `heads` heads of each row, in place.
    /// - Parameters:
    ///   - stride: floats from one row to the next.
    ///   - rotations: what ``write(_:into:)`` wrote for the rows.
    public func rotate(
        _ x: UnsafeMutablePointer<Float>, stride: Int, rows: Int, heads: Int, by rotations: UnsafePointer<Float>,
        pool: ComputePool
    ) {
        let (width, half) = (headWidth, headWidth / 2)
        // Each thread reads and writes its own rows; rotations are only read.
        nonisolated(unsafe) let (x, rotations) = (x, rotations)
        pool.parallelFor(rows, grain: max(1, 16_384 / (heads * width))) { range in
            for row in range {
                let (cosines, sines) = (rotations + row * width, rotations + row * width + half)
                for head in 0..<heads {
                    let first = x + row * stride + head * width
                    let second = first + half
                    for pair in 0..<half {
                        let (a, b) = (first[pair], second[pair])
                        first[pair] = a * cosines[pair] - b * sines[pair]
                        second[pair] = b * cosines[pair] + a * sines[pair]
                    }
                }
            }
        }
    }
}
