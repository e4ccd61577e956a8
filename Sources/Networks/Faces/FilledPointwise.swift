import Checkpoint
import Tensor

/// A 1×1 convolution whose channels are filled up with zeros to whole vectors, which changes no result: kernels compute odd
/// channels one by one.
struct FilledPointwise: Sendable {
    let inputs: Int
    let outputs: Int
    private let matrix: PackedMatrix
    private let bias: [Float]

    /// Reads `<name>.weight` [outputs, inputs, 1, 1] and `<name>.bias` [outputs]. `fillsOutputs` false: the output has the
    /// channels of the file alone.
    init(_ checkpoint: Checkpoint, _ name: String, fillsOutputs: Bool = true) throws(CheckpointError) {
        let stored = try checkpoint.tensor("\(name).weight")
        let bias = try checkpoint.tensor("\(name).bias").floats()
        let rows = stored.shape[0]
        let columns = stored.shape[1]
        inputs = Self.filled(columns)
        outputs = fillsOutputs ? Self.filled(rows) : rows
        var weight = [Float](repeating: 0, count: outputs * inputs)
        for (place, value) in stored.floats().enumerated() {
            weight[place / columns * inputs + place % columns] = value
        }
        matrix = weight.withUnsafeBytes { [outputs, inputs] bytes in
            PackedMatrix(bytes, element: .float32, outputs: outputs, inputs: inputs)
        }
        self.bias = bias + [Float](repeating: 0, count: outputs - rows)
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
