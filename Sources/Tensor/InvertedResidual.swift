import CKernels

/// A linear map of each pixel's channels: weight and bias of a 1×1 convolution.
public struct Pointwise: Sendable {
    let matrix: PackedMatrix
    // Read-only after init.
    nonisolated(unsafe) let bias: FloatBuffer

    /// - Parameter weight: outputs · inputs elements, in PyTorch's order.
    public init(weight: [Float], bias: [Float], outputs: Int, inputs: Int, kernels: KernelSet = .best) {
        precondition(bias.count == outputs, "bias [outputs]")
        matrix = weight.withUnsafeBytes {
            PackedMatrix(
                $0, element: .float32, outputs: outputs, inputs: inputs, storage: .fastest, kernels: kernels)
        }
        self.bias = FloatBuffer(bias)
    }

    /// Bytes of weight and bias.
    public var byteCount: Int { matrix.byteCount + bias.byteCount }

    /// input [rows, inputs] → output [rows, outputs]
    public func callAsFunction(
        _ input: UnsafePointer<Float>, rows: Int, activation: Activation = .none,
        into output: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        MatrixProduct.apply(
            input, rows: rows, matrix, bias: bias.pointer, activation: activation, into: output, pool: pool)
    }
}

/// Expand, filter each channel, project; the input is added where the shapes agree (Sandler et al. 2018, figure 3).
///
/// The expanded activations, six times wider than the block's input, never reach main memory: either a thread makes
/// some rows of them in a ring, filters and projects them at once (large images), or a thread makes some channels of
/// all rows and filters them (small images, where a row's weights would be read too often).
public final class InvertedResidual: Sendable {
    /// What makes the rows that the depthwise convolution filters.
    public enum Source: Sendable {
        /// The block's input itself.
        case input
        /// A 1×1 convolution with ReLU6.
        case expansion(Pointwise)
        /// A full convolution: the network's first layer.
        case convolution(Convolution2D)
    }

    let source: Source
    let depthwise: DepthwiseConvolution
    let project: Pointwise
    let hasResidual: Bool

    /// A block; with `hasResidual` its input, of the output's shape, is added to the output.
    public init(source: Source, depthwise: DepthwiseConvolution, project: Pointwise, hasResidual: Bool) {
        self.source = source
        self.depthwise = depthwise
        self.project = project
        self.hasResidual = hasResidual
    }

    /// Bytes of all weights.
    public var byteCount: Int {
        let first =
            switch source {
            case .input: 0
            case .expansion(let pointwise): pointwise.byteCount
            case .convolution(let convolution): convolution.byteCount
            }
        return first + depthwise.byteCount + project.byteCount
    }
}
