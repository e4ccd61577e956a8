import Checkpoint
import Tensor

/// A convolution's weight as the matrix that windows are multiplied with: [outputs, taps · channels], where a window's
/// channels lie side by side, tap after tap.
struct ConvolutionMatrix: Sendable {
    let channels: Int
    let outputs: Int
    private let matrix: PackedMatrix
    private let bias: [Float]

    /// Reads `<name>.weight` [outputs, channels, taps …], PyTorch's layout for one or two dimensions, and `<name>.bias`
    /// [outputs]. `Checkpoint.validate` has seen that they are floats of these shapes.
    init(_ checkpoint: Checkpoint, _ name: String) throws(CheckpointError) {
        let weight = try checkpoint.tensor("\(name).weight")
        outputs = weight.shape[0]
        channels = weight.shape[1]
        bias = try checkpoint.tensor("\(name).bias").floats()
        let element = WeightElement(weight.elementType)
        let bytes = element == nil ? weight.floats().withUnsafeBytes { [UInt8]($0) } : [UInt8](weight.bytes)
        let taps = weight.count / (outputs * channels)
        matrix = bytes.withUnsafeBytes { [outputs, channels] in
            PackedMatrix(
                convolution: $0, element: element ?? .float32, outputs: outputs, channels: channels, taps: taps)
        }
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

    static func requirements(_ name: String, outputs: Int, channels: Int, taps: [Int]) -> [TensorRequirement] {
        [
            TensorRequirement("\(name).weight", [outputs, channels] + taps),
            TensorRequirement("\(name).bias", [outputs]),
        ]
    }
}
