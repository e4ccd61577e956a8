import Checkpoint
import Tensor

/// A convolution's weight as the matrix that windows are multiplied with: [outputs, taps · channels], where a window's
/// channels lie side by side, tap after tap.
struct ConvolutionMatrix: Sendable {
    let channels: Int
    let outputs: Int
    private let matrix: PackedMatrix
    private let bias: [Float]

    /// Reads `weight` [outputs, channels, taps …], PyTorch's layout for one or two dimensions, and `bias` [outputs].
    /// - Parameter hasBias: false where the file has no bias: it is zero.
    init(_ weights: Weights, _ channels: Int, _ outputs: Int, taps: [Int], hasBias: Bool = true) {
        self.outputs = outputs
        self.channels = channels
        let weight = weights.tensor("weight", [outputs, channels] + taps)
        bias =
            hasBias
            ? weights.floats("bias", [outputs]) : [Float](repeating: 0, count: weights.isSound ? outputs : 0)
        guard weights.isSound, let weight else {
            matrix = .standIn
            return
        }
        let element = WeightElement(weight.elementType) ?? .float32
        matrix = PackedMatrix(
            convolution: weight.bytes, element: element, outputs: outputs, channels: channels, taps: taps.reduce(1, *))
    }

    /// Windows [rows, taps · channels], `step` floats from one to the next (they may overlap) → y [rows, outputs] =
    /// activation(window · weightᵀ + bias).
    func apply(
        _ windows: UnsafePointer<Float>, step: Int, rows: Int, activation: Activation,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        MatrixProduct.apply(
            windows, inputStride: step, rows: rows, matrix, bias: bias, activation: activation, into: y, pool: pool)
    }
}
