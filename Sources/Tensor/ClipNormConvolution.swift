/// A convolution of a waveform, each of whose channels is then normalised over the whole clip: PyTorch's `Conv1d` over one channel, and
/// `GroupNorm` with a group for each channel (Wu & He 2018).
///
/// Mean and variance of a channel over time follow from those of the windows it weighs: for weights w and windows of mean m and covariance
/// C they are w · m + bias and wᵀ · C · w. So they are known before any channel is computed, and a clip's normalisation becomes weights
/// and biases of its own: nothing is computed twice, and nothing of the clip's length has to be kept.
public struct ClipNormConvolution: Sendable {
    /// Channels, samples of a window, and samples from one window to the next.
    public let outputs: Int, taps: Int, stride: Int
    private let weight: [Float]
    private let scale: [Float], shift: [Float]
    private let epsilon: Float
    private let kernels: KernelSet

    /// - Parameters:
    ///   - weight: [outputs, taps]. A bias would be taken away again by the normalisation.
    ///   - scale, shift: the normalisation's, for each channel.
    public init(
        weight: [Float], scale: [Float], shift: [Float], epsilon: Float, taps: Int, stride: Int,
        kernels: KernelSet = .best
    ) {
        precondition(weight.count == scale.count * taps && shift.count == scale.count, "weight [outputs, taps]")
        outputs = scale.count
        self.taps = taps
        self.stride = stride
        self.weight = weight
        self.scale = scale
        self.shift = shift
        self.epsilon = epsilon
        self.kernels = kernels
    }

    /// What it is for one clip.
    public final class Folded: Sendable {
        private let matrix: PackedMatrix
        private let bias: [Float]
        private let stride: Int

        fileprivate init(_ matrix: PackedMatrix, bias: [Float], stride: Int) {
            self.matrix = matrix
            self.bias = bias
            self.stride = stride
        }

        /// Samples, the first of them that of the first window → [windows, outputs], through `activation`.
        public func callAsFunction(
            _ samples: UnsafePointer<Float>, windows: Int, activation: Activation,
            into y: UnsafeMutablePointer<Float>, pool: ComputePool
        ) {
            MatrixProduct.apply(
                samples, inputStride: stride, rows: windows, matrix, bias: bias, activation: activation, into: y,
                pool: pool)
        }
    }

    /// The convolution and normalisation of a clip of that many samples, one window of them at least.
    public func folded(over samples: UnsafePointer<Float>, count: Int) -> Folded {
        precondition(count >= taps, "\(count) samples are no window of \(taps)")
        let (mean, covariance) = moments(of: samples, windows: (count - taps) / stride + 1)
        var folded = [Float](repeating: 0, count: weight.count)
        var bias = shift
        for output in 0..<outputs {
            let row = weight[output * taps..<(output + 1) * taps].map(Double.init)
            var (middle, variance) = (0.0, 0.0)
            for tap in 0..<taps {
                middle += row[tap] * mean[tap]
                for other in 0..<taps { variance += row[tap] * row[other] * covariance[tap * taps + other] }
            }
            let factor = Double(scale[output]) / (max(0, variance) + Double(epsilon)).squareRoot()
            for tap in 0..<taps { folded[output * taps + tap] = Float(row[tap] * factor) }
            bias[output] = Float(Double(shift[output]) - middle * factor)
        }
        let matrix = folded.withUnsafeBytes {
            PackedMatrix(
                $0, element: .float32, outputs: outputs, inputs: taps, storage: .float32, kernels: kernels)
        }
        return Folded(matrix, bias: bias, stride: stride)
    }

    /// The mean of all windows [taps], and their covariance [taps, taps].
    private func moments(of samples: UnsafePointer<Float>, windows: Int) -> (mean: [Double], covariance: [Double]) {
        let count = Double(windows)
        let mean = (0..<taps).map { tap in
            var sum = 0.0
            for window in 0..<windows { sum += Double(samples[window * stride + tap]) }
            return sum / count
        }
        var covariance = [Double](repeating: 0, count: taps * taps)
        for tap in 0..<taps {
            for other in tap..<taps {
                let (first, second) = (mean[tap], mean[other])
                var sum = 0.0
                for window in 0..<windows {
                    let place = window * stride
                    sum += (Double(samples[place + tap]) - first) * (Double(samples[place + other]) - second)
                }
                covariance[tap * taps + other] = sum / count
                covariance[other * taps + tap] = sum / count
            }
        }
        return (mean, covariance)
    }
}
