import CKernels

/// A convolution over time whose channels are in groups that do not see each other, PyTorch's `Conv1d` with `groups`: weight
/// [channels, channels / groups, taps] in its layout, activations [rows, channels], step 1, as many rows out as in, bias and
/// activation fused.
///
/// Row t sees the rows from t - taps/2 on; rows before the first and behind the last are zeros. Each group's channels are copied to lie
/// side by side, so that a window is one run of memory.
public final class GroupedConvolution: Sendable {
    /// Channels, of the input as of the output, their groups, and rows of a window.
    public let channels: Int, groups: Int, taps: Int
    private let activation: Activation
    private let matrices: [PackedMatrix]
    // Written in init alone.
    private nonisolated(unsafe) let bias: FloatBuffer

    /// - Parameter weight: channels · channels / groups · taps elements.
    public init(
        weight: [Float], bias: [Float], channels: Int, groups: Int, taps: Int, activation: Activation = .none,
        kernels: KernelSet = .best
    ) {
        precondition(groups > 0 && channels % groups == 0, "\(channels) channels are no \(groups) groups")
        let width = channels / groups
        precondition(
            weight.count == channels * width * taps && bias.count == channels,
            "weight [channels, channels / groups, taps], bias [channels]")
        self.channels = channels
        self.groups = groups
        self.taps = taps
        self.activation = activation
        self.bias = FloatBuffer(bias)
        matrices = weight.withUnsafeBytes { bytes in
            let size = width * width * taps * MemoryLayout<Float>.stride
            return (0..<groups).map { group in
                PackedMatrix(
                    convolution: UnsafeRawBufferPointer(rebasing: bytes[group * size..<(group + 1) * size]),
                    outputs: width, channels: width, taps: taps, storage: .fastest, kernels: kernels)
            }
        }
    }

    /// Floats of the frame for that many rows.
    public func frameCount(rows: Int) -> Int { channels * (rows + taps - 1) }

    /// x [rows, channels] → y [rows, channels] = activation(convolution(x)) + residual. `frame` has room for `frameCount` floats and is
    /// overwritten; y may be x, unless that is the residual.
    public func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, residual: UnsafePointer<Float>? = nil, frame: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        precondition(residual != UnsafePointer(y), "what is added is still needed when y is written")
        let (width, taps) = (channels / groups, taps)
        let size = (rows + taps - 1) * width
        let rowBlock = 64
        let blocks = (rows + rowBlock - 1) / rowBlock
        // Threads write frames of their own groups, then read them and write rows and channels of their own.
        nonisolated(unsafe) let (x, residual, frame, y) = (x, residual, frame, y)
        let channels = channels
        pool.parallelFor(groups, grain: max(1, 32_768 / size)) { range in
            for group in range {
                let target = frame + group * size
                let (before, after) = (taps / 2 * width, (taps - 1 - taps / 2) * width)
                target.update(repeating: 0, count: before)
                for row in 0..<rows {
                    (target + before + row * width).update(from: x + row * channels + group * width, count: width)
                }
                (target + before + rows * width).update(repeating: 0, count: after)
            }
        }
        let work = rowBlock * width * width * taps
        pool.parallelFor(groups * blocks, grain: max(1, MatrixProduct.worthwhile / work)) { range in
            for task in range {
                let group = task / blocks
                let first = task % blocks * rowBlock
                let matrix = self.matrices[group]
                let job = sensorium_product(
                    input: frame + group * size, inputStride: width, matrix, bias: self.bias.pointer + group * width,
                    activation: self.activation, residual: residual.map { $0 + group * width },
                    residualStride: channels, output: y + group * width, outputStride: channels)
                withUnsafePointer(to: job) {
                    matrix.kernels.table.pointee.product(
                        $0, first, min(rowBlock, rows - first), 0, matrix.panelCount)
                }
            }
        }
    }
}
