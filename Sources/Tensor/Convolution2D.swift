import CKernels

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
        matrix = weight.withUnsafeBytes {
            PackedMatrix(
                convolution: $0, outputs: outputs, channels: channels, taps: kernel * kernel, storage: .float32,
                kernels: kernels)
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
        pool.parallelFor(batch * vertical.output) { range in
            for index in range {
                self.row(
                    index % vertical.output, of: input + index / vertical.output * height * width * self.channels,
                    height: height, width: width, into: output + index * horizontal.output * self.outputs)
            }
        }
    }

    /// One row of the output for one image.
    func row(
        _ y: Int, of image: UnsafePointer<Float>, height: Int, width: Int, into output: UnsafeMutablePointer<Float>
    ) {
        let vertical = SamePadding(input: height, kernel: kernel, stride: stride)
        let horizontal = SamePadding(input: width, kernel: kernel, stride: stride)
        let top = y * stride - vertical.before
        // Pixels whose window lies inside the image: it is read where it is, row by row.
        var inside = 0..<0
        if top >= 0, top + kernel <= height, width >= kernel {
            let first = (horizontal.before + stride - 1) / stride
            let last = (width - kernel + horizontal.before) / stride
            if first <= last { inside = first..<last + 1 }
        }
        if !inside.isEmpty {
            let left = inside.lowerBound * stride - horizontal.before
            var job = sensorium_product(
                input: image + (top * width + left) * channels, inputStride: stride * channels, matrix,
                bias: bias.pointer, activation: activation, output: output + inside.lowerBound * outputs)
            job.segments = kernel
            job.segment_stride = width * channels
            matrix.kernels.table.pointee.product(&job, 0, inside.count, 0, matrix.panelCount)
        }
        let patch = kernel * kernel * channels
        withUnsafeTemporaryAllocation(of: Float.self, capacity: patch) { window in
            guard let base = window.baseAddress else { return }
            for x in 0..<horizontal.output where !inside.contains(x) {
                gather(image, height: height, width: width, top: top, left: x * stride - horizontal.before, into: base)
                var job = sensorium_product(
                    input: base, matrix, bias: bias.pointer, activation: activation, output: output + x * outputs)
                matrix.kernels.table.pointee.product(&job, 0, 1, 0, matrix.panelCount)
            }
        }
    }

    /// The window at `top`, `left`, which may reach over the image's edge: there it holds zeros.
    private func gather(
        _ image: UnsafePointer<Float>, height: Int, width: Int, top: Int, left: Int,
        into window: UnsafeMutablePointer<Float>
    ) {
        var next = window
        for y in top..<top + kernel {
            for x in left..<left + kernel {
                let inside = y >= 0 && y < height && x >= 0 && x < width
                for channel in 0..<channels { next[channel] = inside ? image[(y * width + x) * channels + channel] : 0 }
                next += channels
            }
        }
    }
}
