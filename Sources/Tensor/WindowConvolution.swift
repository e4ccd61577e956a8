import CKernels

/// A convolution over all channels whose windows are odd and lie centred, half a window of zeros around the image, as PyTorch
/// pads: weight [outputs, channels, rows, columns] in its layout, activations [height, width, channels], bias and activation fused.
///
/// The image is copied into a frame of zeros, in which each window's rows are read where they are.
public final class WindowConvolution: Sendable {
    /// Output and input channels, size of the window, step.
    public let outputs: Int, channels: Int, rows: Int, columns: Int, stride: Int
    private let activation: Activation
    private let matrix: PackedMatrix
    // Written in init alone.
    private nonisolated(unsafe) let bias: FloatBuffer

    /// - Parameter weight: outputs · channels · rows · columns elements.
    public init(
        weight: [Float], bias: [Float], outputs: Int, channels: Int, rows: Int, columns: Int, stride: Int = 1,
        activation: Activation = .none, kernels: KernelSet = .best
    ) {
        precondition(
            weight.count == outputs * channels * rows * columns && bias.count == outputs,
            "weight [outputs, channels, rows, columns], bias [outputs]")
        precondition(rows % 2 == 1 && columns % 2 == 1, "a window with a middle")
        self.outputs = outputs
        self.channels = channels
        self.rows = rows
        self.columns = columns
        self.stride = stride
        self.activation = activation
        self.bias = FloatBuffer(bias)
        matrix = weight.withUnsafeBytes {
            PackedMatrix(
                convolution: $0, outputs: outputs, channels: channels, taps: rows * columns, storage: .fastest,
                kernels: kernels)
        }
    }

    /// Floats of the frame for an image of this size.
    public func frameCount(height: Int, width: Int) -> Int {
        (height + rows - 1) * (width + columns - 1) * channels
    }

    /// [height, width, channels] → [⌈height/stride⌉, ⌈width/stride⌉, outputs]. `frame` has room for `frameCount` floats and is
    /// overwritten.
    public func callAsFunction(
        _ input: UnsafePointer<Float>, height: Int, width: Int, frame: UnsafeMutablePointer<Float>,
        into output: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        surround(input, height: height, width: width, with: frame)
        let frameRow = (width + columns - 1) * channels
        let outputHeight = (height + stride - 1) / stride
        let outputWidth = (width + stride - 1) / stride
        let work = outputWidth * matrix.inputs * outputs
        // Threads read the frame and write output rows of their own.
        nonisolated(unsafe) let (frame, output) = (UnsafePointer(frame), output)
        let table = matrix.kernels.table.pointee
        pool.parallelFor(outputHeight, grain: max(1, MatrixProduct.worthwhile / work)) { range in
            for y in range {
                var job = sensorium_product(
                    input: frame + y * self.stride * frameRow, inputStride: self.stride * self.channels, self.matrix,
                    bias: self.bias.pointer, activation: self.activation,
                    output: output + y * outputWidth * self.outputs)
                job.segments = self.rows
                job.segment_stride = frameRow
                table.product(&job, 0, outputWidth, 0, self.matrix.panelCount)
            }
        }
    }

    /// The image in the middle of zeros.
    private func surround(
        _ input: UnsafePointer<Float>, height: Int, width: Int, with frame: UnsafeMutablePointer<Float>
    ) {
        let frameRow = (width + columns - 1) * channels
        let margin = columns / 2 * channels
        frame.update(repeating: 0, count: rows / 2 * frameRow)
        for y in 0..<height {
            let row = frame + (y + rows / 2) * frameRow
            row.update(repeating: 0, count: margin)
            (row + margin).update(from: input + y * width * channels, count: width * channels)
            (row + margin + width * channels).update(repeating: 0, count: margin)
        }
        (frame + (height + rows / 2) * frameRow).update(repeating: 0, count: rows / 2 * frameRow)
    }
}
