import CKernels

/// A convolution that keeps channels apart: weight [channels, 1, kernel, kernel] in PyTorch's layout, activations
/// [height, width, channels], SAME padding (or half a window on either side), bias and ReLU6 (or another activation) fused.
public final class DepthwiseConvolution: Sendable {
    /// Channels, edge of the window, step.
    public let channels: Int, kernel: Int, stride: Int
    /// The step from row to row, `stride` unless it is said.
    public let rowStride: Int
    private let isCentred: Bool
    let activation: Activation
    let kernels: KernelSet
    // Panels of 16 channels, each [kernel, kernel, 16], and [channels]: written in init alone.
    nonisolated(unsafe) let weight: FloatBuffer, bias: FloatBuffer

    /// - Parameters:
    ///   - weight: channels · kernel · kernel elements.
    ///   - rowStride: the step from row to row, where it is not that from column to column.
    ///   - isCentred: whether half a window of zeros surrounds the input, as in PyTorch, in place of SAME padding.
    public init(
        weight: [Float], bias: [Float], channels: Int, kernel: Int, stride: Int, rowStride: Int? = nil,
        isCentred: Bool = false, activation: Activation = .relu6, kernels: KernelSet = .best
    ) {
        precondition(
            weight.count == channels * kernel * kernel && bias.count == channels,
            "weight [channels, 1, kernel, kernel], bias [channels]")
        precondition([3, 5].contains(kernel) && [1, 2].contains(stride) && !activation.isCurved)
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
        self.rowStride = rowStride ?? stride
        self.isCentred = isCentred
        self.activation = activation
        self.kernels = kernels
        self.bias = FloatBuffer(bias)
        let taps = kernel * kernel
        self.weight = FloatBuffer(count: (channels + 15) / 16 * 16 * taps)
        for channel in 0..<channels {
            for tap in 0..<taps {
                self.weight.pointer[(channel / 16 * taps + tap) * 16 + channel % 16] = weight[channel * taps + tap]
            }
        }
    }

    /// Bytes of weight and bias.
    public var byteCount: Int { weight.byteCount + bias.byteCount }

    /// Height and width of the output for an input of the given height and width.
    public func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
        (padding(height, stride: rowStride).output, padding(width, stride: stride).output)
    }

    private func padding(_ length: Int, stride: Int) -> SamePadding {
        isCentred
            ? SamePadding(input: length, centred: kernel, stride: stride)
            : SamePadding(input: length, kernel: kernel, stride: stride)
    }

    /// [batch, height, width, channels] → [batch, ⌈height/rowStride⌉, ⌈width/stride⌉, channels]
    public func callAsFunction(
        _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int, into output: UnsafeMutablePointer<Float>,
        pool: ComputePool
    ) {
        let vertical = padding(height, stride: rowStride)
        let horizontal = padding(width, stride: stride)
        // Threads read the input and write output rows of their own.
        nonisolated(unsafe) let (input, output) = (input, output)
        let table = kernels.table.pointee
        let outputSize = vertical.output * horizontal.output * channels
        let rowWork = horizontal.output * channels * kernel * kernel
        pool.parallelFor(batch * vertical.output, grain: max(1, 100_000 / rowWork)) { range in
            for index in range {
                let image = index / vertical.output
                var job = self.job(
                    input + image * height * width * self.channels, height: height, width: width,
                    into: output + image * outputSize)
                // The kernel steps alike in both directions: each row is the first of an image that begins where it does.
                let row = index % vertical.output
                job.top -= Int32(row * self.rowStride)
                job.output += row * job.output_row_stride
                table.depthwise(&job, 0, 1, 0, self.channels)
            }
        }
    }

    /// The kernel's job for one image [height, width, channels].
    func job(_ input: UnsafePointer<Float>, height: Int, width: Int, into output: UnsafeMutablePointer<Float>)
        -> sensorium_depthwise
    {
        let vertical = padding(height, stride: rowStride)
        let horizontal = padding(width, stride: stride)
        return sensorium_depthwise(
            input: input, input_row_stride: width * channels, input_pixel_stride: channels, input_rows: 0,
            height: height, width: width, weight: weight.pointer, bias: bias.pointer, output: output,
            output_row_stride: horizontal.output * channels, output_pixel_stride: channels,
            output_width: horizontal.output, kernel: Int32(kernel), stride: Int32(stride),
            top: Int32(vertical.before), left: Int32(horizontal.before), activation: activation.code)
    }
}
