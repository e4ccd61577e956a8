import Synchronization
import Tensor

/// The image tower: EfficientNet-Lite2 up to the convolution before pooling. Channels last throughout.
public final class EfficientNetLite: Sendable {
    /// Tokens of an image: the cells of the output grid, row by row.
    public var tokenCount: Int { layout.gridSize * layout.gridSize }
    /// Channels of a token.
    public var channels: Int { layout.headOutputs }
    /// Height and width of the input in pixels.
    public var imageSize: Int { layout.imageSize }

    let layout: EfficientNetLiteLayout
    private let stem: Convolution2D
    private let blocks: [InvertedResidual]
    private let head: Pointwise
    // Touched only by whoever holds `turn`.
    private nonisolated(unsafe) let workspace: Workspace
    private let turn = Mutex(())

    /// - Parameter weights: the elements of a named tensor, given its expected shape (see checkpoint names under
    ///   `image.`).
    public convenience init<Failure: Error>(
        weights: (_ name: String, _ shape: [Int]) throws(Failure) -> [Float]
    ) throws(Failure) {
        try self.init(layout: .lite2, kernels: .best, weights: weights)
    }

    init<Failure: Error>(
        layout: EfficientNetLiteLayout, kernels: KernelSet,
        weights: (_ name: String, _ shape: [Int]) throws(Failure) -> [Float]
    ) throws(Failure) {
        self.layout = layout
        func convolution(_ name: String, _ shape: [Int]) throws(Failure) -> (weight: [Float], bias: [Float]) {
            (try weights("image.\(name).weight", shape), try weights("image.\(name).bias", [shape[0]]))
        }
        func pointwise(_ name: String, _ outputs: Int, _ inputs: Int) throws(Failure) -> Pointwise {
            let (weight, bias) = try convolution(name, [outputs, inputs, 1, 1])
            return Pointwise(weight: weight, bias: bias, outputs: outputs, inputs: inputs, kernels: kernels)
        }
        let first = try convolution("stem", [layout.stemOutputs, 3, 3, 3])
        stem = Convolution2D(
            weight: first.weight, bias: first.bias, outputs: layout.stemOutputs, channels: 3, kernel: 3, stride: 2,
            kernels: kernels)
        var blocks: [InvertedResidual] = []
        for (index, block) in layout.blocks.enumerated() {
            let name = "blocks.\(index)"
            let expand =
                block.expands ? try pointwise("\(name).expand", block.expanded, block.inputs) : nil
            let middle = try convolution("\(name).depthwise", [block.expanded, 1, block.kernel, block.kernel])
            blocks.append(
                InvertedResidual(
                    shape: block, expand: expand,
                    depthwise: DepthwiseConvolution(
                        weight: middle.weight, bias: middle.bias, channels: block.expanded, kernel: block.kernel,
                        stride: block.stride, kernels: kernels),
                    project: try pointwise("\(name).project", block.outputs, block.expanded)))
        }
        self.blocks = blocks
        head = try pointwise("head", layout.headOutputs, layout.blocks.last?.outputs ?? layout.stemOutputs)
        workspace = Workspace(for: layout)
    }

    /// Bytes of packed weights.
    public var weightBytes: Int { blocks.reduce(stem.byteCount + head.byteCount) { $0 + $1.byteCount } }
    /// Bytes of memory for activations.
    public var workspaceBytes: Int { workspace.byteCount }

    /// pixels [batch, 260, 260, 3], normalised → tokens [batch, 81, 1280]. An image's tokens do not depend on the
    /// others of its batch. Calls take turns, since they share the memory for activations.
    public func tokens(
        _ pixels: UnsafePointer<Float>, batch: Int, into output: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let pixelCount = imageSize * imageSize * 3
        let outputCount = tokenCount * channels
        turn.withLock { (_: inout ()) -> Void in
            for image in 0..<batch {
                self.tokens(pixels + image * pixelCount, into: output + image * outputCount, pool: pool)
            }
        }
    }

    private func tokens(
        _ pixels: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        var size = (layout.imageSize + 1) / 2
        var current = workspace.activations.0
        var following = workspace.activations.1
        stem(pixels, batch: 1, height: layout.imageSize, width: layout.imageSize, into: current.pointer, pool: pool)
        for block in blocks {
            size = block(current.pointer, size: size, into: following.pointer, workspace: workspace, pool: pool)
            swap(&current, &following)
        }
        head(current.pointer, rows: size * size, activation: .relu6, into: output, pool: pool)
    }

    /// Memory for the activations of one image at a time, made once and reused.
    final class Workspace {
        let activations: (FloatBuffer, FloatBuffer)
        let expanded: FloatBuffer, filtered: FloatBuffer

        init(for layout: EfficientNetLiteLayout) {
            var size = (layout.imageSize + 1) / 2
            var most = size * size * layout.stemOutputs
            var mostExpanded = 0
            var mostFiltered = 0
            for block in layout.blocks {
                mostExpanded = max(mostExpanded, size * size * block.expanded)
                size = (size + block.stride - 1) / block.stride
                mostFiltered = max(mostFiltered, size * size * block.expanded)
                most = max(most, size * size * block.outputs)
            }
            activations = (FloatBuffer(count: most), FloatBuffer(count: most))
            expanded = FloatBuffer(count: mostExpanded)
            filtered = FloatBuffer(count: mostFiltered)
        }

        var byteCount: Int {
            activations.0.byteCount + activations.1.byteCount + expanded.byteCount + filtered.byteCount
        }
    }
}

/// A 1×1 convolution: a linear map of each pixel's channels.
struct Pointwise: Sendable {
    let matrix: PackedMatrix
    // Read-only after init.
    nonisolated(unsafe) let bias: FloatBuffer

    init(weight: [Float], bias: [Float], outputs: Int, inputs: Int, kernels: KernelSet) {
        matrix = weight.withUnsafeBytes {
            PackedMatrix($0, element: .float32, outputs: outputs, inputs: inputs, kernels: kernels)
        }
        self.bias = FloatBuffer(bias)
    }

    var byteCount: Int { matrix.byteCount + bias.byteCount }

    func callAsFunction(
        _ input: UnsafePointer<Float>, rows: Int, activation: Activation, residual: UnsafePointer<Float>? = nil,
        into output: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        MatrixProduct.apply(
            input, rows: rows, matrix, bias: bias.pointer, activation: activation, residual: residual, into: output,
            pool: pool)
    }
}

/// Expand, filter each channel, project; the input is added where shapes agree (Sandler et al. 2018).
struct InvertedResidual: Sendable {
    let shape: EfficientNetLiteLayout.Block
    let expand: Pointwise?
    let depthwise: DepthwiseConvolution
    let project: Pointwise

    var byteCount: Int { (expand?.byteCount ?? 0) + depthwise.byteCount + project.byteCount }

    /// input [size, size, inputs] → output [n, n, outputs]; returns n.
    func callAsFunction(
        _ input: UnsafePointer<Float>, size: Int, into output: UnsafeMutablePointer<Float>,
        workspace: EfficientNetLite.Workspace, pool: ComputePool
    ) -> Int {
        var wide = input
        if let expand {
            expand(input, rows: size * size, activation: .relu6, into: workspace.expanded.pointer, pool: pool)
            wide = UnsafePointer(workspace.expanded.pointer)
        }
        depthwise(wide, batch: 1, height: size, width: size, into: workspace.filtered.pointer, pool: pool)
        let smaller = depthwise.outputSize(height: size, width: size).height
        project(
            workspace.filtered.pointer, rows: smaller * smaller, activation: .none,
            residual: shape.hasResidual ? input : nil, into: output, pool: pool)
        return smaller
    }
}
