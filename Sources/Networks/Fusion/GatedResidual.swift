import Checkpoint
import Glibc
import Tensor

/// A picture and words that change it become one vector of the space (Vo et al. 2019, TIRG, section 3):
///
///     x        = [v ; t]                                              the two vectors side by side
///     gate     = σ(gate.down(relu(gate.up(x))))                       what of the picture stays
///     residual = residual.down(relu(residual.up(x)))                  what the words add
///     composed = mix₀ · gate ⊙ v + mix₁ · residual, scaled to length 1
///
/// The gate keeps the result where pictures are; the residual alone would have to learn the picture anew.
public final class GatedResidual: Sendable {
    private let dimensions: Int
    private let hidden: Int
    private let gate: Branch
    private let residual: Branch
    private let mix: [Float]  // [2]

    /// down(relu(up(x)))
    private struct Branch: Sendable {
        let up: Linear
        let down: Linear

        init(_ weights: Weights, dimensions: Int, hidden: Int) {
            up = weights.linear("up", 2 * dimensions, hidden)
            down = weights.linear("down", hidden, dimensions)
        }
    }

    /// Reads the composition's tensors, for vectors of that many dimensions.
    public init(_ weights: Weights, _ composition: SensoriumConfiguration.Composition, dimensions: Int) {
        self.dimensions = dimensions
        hidden = composition.hidden
        gate = Branch(weights["gate"], dimensions: dimensions, hidden: composition.hidden)
        residual = Branch(weights["residual"], dimensions: dimensions, hidden: composition.hidden)
        mix = weights.floats("mix", [2])
    }

    /// Pairs of a picture's vector and a text's, each of length 1 → one vector of length 1 for each pair. Vectors of other
    /// dimensions are the caller's mistake and stop the program.
    public func compose(_ pairs: [(image: [Float], text: [Float])], pool: ComputePool) -> [[Float]] {
        guard !pairs.isEmpty else { return [] }
        let x = pairs.flatMap { $0.image + $0.text }
        precondition(x.count == pairs.count * 2 * dimensions, "the vectors are not of \(dimensions) dimensions")
        let inner = FloatBuffer(count: pairs.count * hidden)
        func apply(_ branch: Branch) -> FloatBuffer {
            let y = FloatBuffer(count: pairs.count * dimensions)
            branch.up.apply(x, rows: pairs.count, activation: .relu, into: inner.pointer, pool: pool)
            branch.down.apply(inner.pointer, rows: pairs.count, into: y.pointer, pool: pool)
            return y
        }
        let (gates, residuals) = (apply(gate), apply(residual))
        return pairs.enumerated().map { row, pair in
            // Row `row` of buffers of `pairs.count` rows.
            let gate = gates.pointer + row * dimensions
            let composed = residuals.pointer + row * dimensions
            for index in 0..<dimensions {
                composed[index] = mix[0] * sigmoid(gate[index]) * pair.image[index] + mix[1] * composed[index]
            }
            normalizeLength(composed, count: dimensions)
            return Array(UnsafeBufferPointer(start: composed, count: dimensions))
        }
    }
}

/// 1 / (1 + exp(−x))
private func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
