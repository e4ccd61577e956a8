import Tensor

/// Layers in place of those whose weights were not taken, of one channel: they keep a network's `init` going, so that all its
/// tensors are looked at. None computes anything, since what has one is not served.
extension Linear {
    static var standIn: Linear { Linear(weight: .standIn, bias: [0]) }
}

extension PackedMatrix {
    static var standIn: PackedMatrix {
        [Float(0)].withUnsafeBytes { PackedMatrix($0, element: .float32, outputs: 1, inputs: 1) }
    }
}

extension Pointwise {
    static var standIn: Pointwise { Pointwise(weight: [0], bias: [0], outputs: 1, inputs: 1) }
}

extension WindowConvolution {
    static var standIn: WindowConvolution {
        WindowConvolution(weight: [0], bias: [0], outputs: 1, channels: 1, rows: 1, columns: 1)
    }
}

extension DepthwiseConvolution {
    static var standIn: DepthwiseConvolution {
        DepthwiseConvolution(
            weight: [Float](repeating: 0, count: 9), bias: [0], channels: 1, kernel: 3, stride: 1, activation: .none)
    }
}

extension Convolution2D {
    static var standIn: Convolution2D {
        Convolution2D(weight: [0], bias: [0], outputs: 1, channels: 1, kernel: 1, stride: 1)
    }
}

extension AttentionShape {
    /// Of heads that can be computed, whatever a configuration says.
    static var standIn: AttentionShape { AttentionShape(heads: 1, headWidth: 32) }
}
