import Checkpoint
import Tensor

/// y = x · Wᵀ + b. Several matrices with the same input are stacked over their outputs and multiplied at once.
struct Linear: Sendable {
    private let weight: PackedMatrix
    private let bias: [Float]

    /// Reads `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs] of each name; those that are `unbiased` have
    /// no bias.
    init(
        _ checkpoint: Checkpoint, stacking names: [String], unbiased: Set<String> = []
    ) throws(CheckpointError) {
        var weights: [StoredTensor] = []
        var bias: [Float] = []
        for name in names {
            let weight = try checkpoint.tensor("\(name).weight")
            weights.append(weight)
            bias +=
                unbiased.contains(name)
                ? [Float](repeating: 0, count: weight.shape[0]) : try checkpoint.tensor("\(name).bias").floats()
        }
        self.weight = PackedMatrix.stacking(weights)
        self.bias = bias
    }

    init(_ checkpoint: Checkpoint, _ name: String) throws(CheckpointError) {
        try self.init(checkpoint, stacking: [name])
    }

    /// For a weight that has another name than its bias.
    init(_ checkpoint: Checkpoint, weight: String, bias: String) throws(CheckpointError) {
        self.weight = PackedMatrix.stacking([try checkpoint.tensor(weight)])
        self.bias = try checkpoint.tensor(bias).floats()
    }

    /// x [rows, inputs] → y [rows, outputs] = activation(x · Wᵀ + b) + residual.
    func apply(
        _ x: UnsafePointer<Float>, rows: Int, activation: Activation = .none, residual: UnsafePointer<Float>? = nil,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        MatrixProduct.apply(
            x, rows: rows, weight, bias: bias, activation: activation, residual: residual, into: y, pool: pool)
    }

    static func requirements(_ name: String, outputs: Int, inputs: Int) -> [TensorRequirement] {
        [TensorRequirement("\(name).weight", [outputs, inputs]), TensorRequirement("\(name).bias", [outputs])]
    }
}

/// Layer normalisation (Ba et al. 2016) over the last axis.
struct LayerNorm: Sendable {
    private let weight: [Float]
    private let bias: [Float]
    private let epsilon: Float

    init(_ checkpoint: Checkpoint, _ name: String, epsilon: Float) throws(CheckpointError) {
        weight = try checkpoint.tensor("\(name).weight").floats()
        bias = try checkpoint.tensor("\(name).bias").floats()
        self.epsilon = epsilon
    }

    /// x [rows, width] → y [rows, width]; y may be x.
    func apply(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, pool: ComputePool) {
        layerNorm(
            x, rows: rows, width: weight.count, weight: weight, bias: bias, epsilon: epsilon, into: y, pool: pool)
    }

    static func requirements(_ name: String, width: Int) -> [TensorRequirement] {
        [TensorRequirement("\(name).weight", [width]), TensorRequirement("\(name).bias", [width])]
    }
}

/// x += down(gelu(up(norm(x)))): the second half of a pre-LN transformer layer.
struct FeedForward: Sendable {
    private let norm: LayerNorm
    private let up: Linear
    private let down: Linear

    /// Reads `<layer>.feed_forward_norm` and `<layer>.feed_forward.{up,down}`.
    init(_ checkpoint: Checkpoint, layer: String, epsilon: Float) throws(CheckpointError) {
        norm = try LayerNorm(checkpoint, "\(layer).feed_forward_norm", epsilon: epsilon)
        up = try Linear(checkpoint, "\(layer).feed_forward.up")
        down = try Linear(checkpoint, "\(layer).feed_forward.down")
    }

    /// x [rows, width] in place; `normed` [rows, width] and `inner` [rows, inner width] are overwritten.
    func apply(
        _ x: UnsafeMutablePointer<Float>, rows: Int, normed: UnsafeMutablePointer<Float>,
        inner: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        norm.apply(x, rows: rows, into: normed, pool: pool)
        up.apply(normed, rows: rows, activation: .gelu, into: inner, pool: pool)
        down.apply(inner, rows: rows, residual: x, into: x, pool: pool)
    }

    static func requirements(layer: String, width: Int, inner: Int) -> [TensorRequirement] {
        LayerNorm.requirements("\(layer).feed_forward_norm", width: width)
            + Linear.requirements("\(layer).feed_forward.up", outputs: inner, inputs: width)
            + Linear.requirements("\(layer).feed_forward.down", outputs: width, inputs: inner)
    }
}

extension PackedMatrix {
    /// Matrices [outputs, inputs] with the same inputs, one below the other, in their own element type where they share
    /// it. `Checkpoint.validate` has seen that all are matrices of floats.
    fileprivate static func stacking(_ tensors: [StoredTensor]) -> PackedMatrix {
        let outputs = tensors.reduce(0) { $0 + $1.shape[0] }
        let inputs = tensors[0].shape[1]
        guard let element = WeightElement(tensors[0].elementType),
            tensors.allSatisfy({ $0.elementType == tensors[0].elementType })
        else {
            return tensors.flatMap { $0.floats() }.withUnsafeBytes {
                PackedMatrix($0, element: .float32, outputs: outputs, inputs: inputs)
            }
        }
        if tensors.count == 1 {
            return PackedMatrix(tensors[0].bytes, element: element, outputs: outputs, inputs: inputs)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(outputs * inputs * element.byteCount)
        for tensor in tensors { bytes += tensor.bytes }
        return bytes.withUnsafeBytes { PackedMatrix($0, element: element, outputs: outputs, inputs: inputs) }
    }
}

extension WeightElement {
    init?(_ type: ElementType) {
        switch type {
        case .float32: self = .float32
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        default: return nil
        }
    }
}
