import Checkpoint
import Tensor

/// A 1×1 convolution whose channels are filled up with zeros to whole vectors, which changes no result: kernels compute odd
/// channels one by one.
struct FilledPointwise: Sendable {
    let inputs: Int
    let outputs: Int
    private let matrix: PackedMatrix
    private let bias: [Float]

    /// Reads `weight` [rows, columns, 1, 1] and `bias` [rows]. `fillsOutputs` false: the output has the channels of the file
    /// alone.
    init(_ weights: Weights, _ columns: Int, _ rows: Int, fillsOutputs: Bool = true) {
        let stored = weights.floats("weight", [rows, columns, 1, 1])
        let bias = weights.floats("bias", [rows])
        inputs = Self.filled(columns)
        outputs = fillsOutputs ? Self.filled(rows) : rows
        guard weights.isSound else {
            (matrix, self.bias) = (.standIn, [0])
            return
        }
        var weight = [Float](repeating: 0, count: outputs * inputs)
        for (place, value) in stored.enumerated() { weight[place / columns * inputs + place % columns] = value }
        matrix = weight.withUnsafeBytes { [outputs, inputs] bytes in
            PackedMatrix(bytes, element: .float32, outputs: outputs, inputs: inputs)
        }
        self.bias = bias.filled(to: outputs)
    }

    /// x [rows, inputs] → y [rows, outputs] = x · Wᵀ + b + residual
    func apply(
        _ x: UnsafePointer<Float>, rows: Int, residual: UnsafePointer<Float>? = nil,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        MatrixProduct.apply(x, rows: rows, matrix, bias: bias, residual: residual, into: y, pool: pool)
    }

    /// Channels as they are kept.
    static func filled(_ channels: Int) -> Int { (channels + 15) / 16 * 16 }
}
