import Checkpoint
import Tensor

/// y = relu(project(depthwise(x)) + shortcut(x)), the block of BlazeFace: the shortcut halves x by the maximum where the
/// grid is halved, and has zeros for new channels.
struct BlazeBlock: Sendable {
    private let stride: Int
    private let depthwise: DepthwiseConvolution
    private let project: FilledPointwise

    /// Channels of the output, filled up to whole vectors.
    var outputs: Int { project.outputs }

    /// Reads `depthwise` and `project`.
    init(_ weights: Weights, _ inputs: Int, _ outputs: Int, stride: Int) {
        self.stride = stride
        project = FilledPointwise(weights["project"], inputs, outputs)
        let channels = FilledPointwise.filled(inputs)
        let (weight, bias) = weights.convolution("depthwise", [inputs, 1, 3, 3])
        depthwise = weights.made(
            DepthwiseConvolution(
                weight: weight.filled(to: channels * 9), bias: bias.filled(to: channels), channels: channels, kernel: 3,
                stride: stride, activation: .none), orElse: .standIn)
    }

    /// x [size, size, inputs] → y [size / stride, size / stride, outputs]. `filtered` and `shortcut` have room for x and y
    /// and are overwritten.
    func apply(
        _ x: UnsafePointer<Float>, size: Int, filtered: UnsafeMutablePointer<Float>,
        shortcut: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        depthwise(x, batch: 1, height: size, width: size, into: filtered, pool: pool)
        let keepsShape = stride == 1 && project.inputs == outputs
        if !keepsShape { shorten(x, size: size, into: shortcut) }
        let rows = size / stride * (size / stride)
        project.apply(filtered, rows: rows, residual: keepsShape ? x : UnsafePointer(shortcut), into: y, pool: pool)
        for place in 0..<rows * outputs { y[place] = y[place] > 0 ? y[place] : 0 }
    }

    private func shorten(_ x: UnsafePointer<Float>, size: Int, into y: UnsafeMutablePointer<Float>) {
        let inputs = project.inputs
        let row = size * inputs
        var to = y
        for top in Swift.stride(from: 0, to: size, by: stride) {
            for left in Swift.stride(from: 0, to: size, by: stride) {
                let from = x + top * row + left * inputs
                if stride == 1 {
                    to.update(from: from, count: inputs)
                } else {
                    for channel in 0..<inputs {
                        let upper = max(from[channel], from[inputs + channel])
                        to[channel] = max(upper, max(from[row + channel], from[row + inputs + channel]))
                    }
                }
                for channel in inputs..<outputs { to[channel] = 0 }
                to += outputs
            }
        }
    }
}

extension [Float] {
    /// These numbers and zeros behind them.
    func filled(to count: Int) -> [Float] { self + [Float](repeating: 0, count: count - self.count) }
}
