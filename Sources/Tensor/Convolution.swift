import CKernels

/// TensorFlow's SAME padding: output = ⌈input / stride⌉, and where the padding is odd the extra zero comes last.
public struct SamePadding: Sendable {
    /// Output positions.
    public let output: Int
    /// Zeros before the first input.
    public let before: Int

    /// Padding of one axis.
    public init(input: Int, kernel: Int, stride: Int) {
        output = (input + stride - 1) / stride
        before = max(0, (output - 1) * stride + kernel - input) / 2
    }
}

/// A convolution that keeps channels apart: weight [channels, 1, kernel, kernel] in PyTorch's layout, activations
/// [height, width, channels], SAME padding, bias and ReLU6 (or another activation) fused.
public final class DepthwiseConvolution: Sendable {
    /// Channels, edge of the window, step.
    public let channels: Int, kernel: Int, stride: Int
    let activation: Activation
    let kernels: KernelSet
    // Panels of 16 channels, each [kernel, kernel, 16], and [channels]: written in init alone.
    nonisolated(unsafe) let weight: FloatBuffer, bias: FloatBuffer

    /// - Parameter weight: channels · kernel · kernel elements.
    public init(
        weight: [Float], bias: [Float], channels: Int, kernel: Int, stride: Int, activation: Activation = .relu6,
        kernels: KernelSet = .best
    ) {
        precondition(
            weight.count == channels * kernel * kernel && bias.count == channels,
            "weight [channels, 1, kernel, kernel], bias [channels]")
        precondition([3, 5].contains(kernel) && [1, 2].contains(stride) && activation != .gelu)
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
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
        (
            SamePadding(input: height, kernel: kernel, stride: stride).output,
            SamePadding(input: width, kernel: kernel, stride: stride).output
        )
    }

    /// [batch, height, width, channels] → [batch, ⌈height/stride⌉, ⌈width/stride⌉, channels]
    public func callAsFunction(
        _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int, into output: UnsafeMutablePointer<Float>,
        pool: ComputePool
    ) {
        let vertical = SamePadding(input: height, kernel: kernel, stride: stride)
        let horizontal = SamePadding(input: width, kernel: kernel, stride: stride)
        // Threads read the input and write output rows of their own.
        nonisolated(unsafe) let (input, output) = (input, output)
        let table = kernels.table.pointee
        let rowWork = horizontal.output * channels * kernel * kernel
        pool.parallelFor(batch * vertical.output, grain: max(1, 100_000 / rowWork)) { range in
            for index in range {
                let image = index / vertical.output
                var job = sensorium_depthwise(
                    input: input + image * height * width * self.channels, input_row_stride: width * self.channels,
                    input_pixel_stride: self.channels, input_rows: 0, height: height, width: width,
                    weight: self.weight.pointer, bias: self.bias.pointer,
                    output: output + image * vertical.output * horizontal.output * self.channels,
                    output_row_stride: horizontal.output * self.channels, output_pixel_stride: self.channels,
                    output_width: horizontal.output, kernel: Int32(self.kernel), stride: Int32(self.stride),
                    top: Int32(vertical.before), left: Int32(horizontal.before), activation: self.activation.code)
                table.depthwise(&job, index % vertical.output, 1, 0, self.channels)
            }
        }
    }
}

/// A convolution over all channels, as patches times a matrix: weight [outputs, channels, kernel, kernel] in PyTorch's
/// layout, activations [height, width, channels], SAME padding, bias and activation fused. Meant for a network's first
/// layer with its few channels.
public final class Convolution2D: Sendable {
    /// Output and input channels, edge of the window, step.
    public let outputs: Int, channels: Int, kernel: Int, stride: Int
    let activation: Activation
    let matrix: PackedMatrix
    // Written in init alone.
    nonisolated(unsafe) let bias: FloatBuffer

    /// - Parameter weight: outputs · channels · kernel · kernel elements.
    public init(
        weight: [Float], bias: [Float], outputs: Int, channels: Int, kernel: Int, stride: Int,
        activation: Activation = .relu6, kernels: KernelSet = .best
    ) {
        precondition(bias.count == outputs, "bias [outputs]")
        self.outputs = outputs
        self.channels = channels
        self.kernel = kernel
        self.stride = stride
        self.activation = activation
        self.bias = FloatBuffer(bias)
        // [outputs, kernel, kernel, channels], the order of a patch.
        let taps = kernel * kernel
        var ordered = [Float](repeating: 0, count: weight.count)
        for output in 0..<outputs {
            for channel in 0..<channels {
                for tap in 0..<taps {
                    ordered[(output * taps + tap) * channels + channel] =
                        weight[(output * channels + channel) * taps + tap]
                }
            }
        }
        matrix = ordered.withUnsafeBytes {
            PackedMatrix(
                $0, element: .float32, outputs: outputs, inputs: taps * channels, storage: .float32, kernels: kernels)
        }
    }

    /// Bytes of weight and bias.
    public var byteCount: Int { matrix.byteCount + bias.byteCount }

    /// [batch, height, width, channels] → [batch, ⌈height/stride⌉, ⌈width/stride⌉, outputs]
    public func callAsFunction(
        _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int, into output: UnsafeMutablePointer<Float>,
        pool: ComputePool
    ) {
        let vertical = SamePadding(input: height, kernel: kernel, stride: stride)
        let horizontal = SamePadding(input: width, kernel: kernel, stride: stride)
        // Threads read the input and write output rows of their own.
        nonisolated(unsafe) let (input, output) = (input, output)
        let patch = kernel * kernel * channels
        pool.parallelFor(batch * vertical.output) { range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: horizontal.output * patch) { patches in
                guard let base = patches.baseAddress else { return }
                for index in range {
                    let image = input + index / vertical.output * height * width * self.channels
                    self.gather(
                        image, height: height, width: width,
                        row: index % vertical.output * self.stride - vertical.before,
                        horizontal, into: base)
                    var job = sensorium_product(
                        input: base, input_stride: patch, weight: self.matrix.panels, weight_is_half: false,
                        bias: self.bias.pointer, residual: nil, residual_stride: 0,
                        output: output + index * horizontal.output * self.outputs, output_stride: self.outputs,
                        inputs: patch, outputs: self.outputs, activation: self.activation.code)
                    self.matrix.kernels.table.pointee.product(&job, 0, horizontal.output, 0, self.matrix.panelCount)
                }
            }
        }
    }

    /// The patches of one output row whose first input row is `row` (outside rows and columns are zeros).
    private func gather(
        _ image: UnsafePointer<Float>, height: Int, width: Int, row: Int, _ horizontal: SamePadding,
        into patches: UnsafeMutablePointer<Float>
    ) {
        let span = kernel * channels
        for x in 0..<horizontal.output {
            let column = x * stride - horizontal.before
            for tap in 0..<kernel {
                let target = patches + (x * kernel + tap) * span
                let y = row + tap
                if y >= 0, y < height, column >= 0, column + kernel <= width {
                    target.update(from: image + (y * width + column) * channels, count: span)
                    continue
                }
                for k in 0..<kernel {
                    let inside = y >= 0 && y < height && column + k >= 0 && column + k < width
                    for c in 0..<channels {
                        target[k * channels + c] = inside ? image[(y * width + column + k) * channels + c] : 0
                    }
                }
            }
        }
    }
}
