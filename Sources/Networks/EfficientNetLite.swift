import Checkpoint
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

    /// Height and width of the input in pixels, tokens and channels, for all checkpoints.
    public static let dimensions = [
        EfficientNetLiteLayout.lite2.imageSize,
        EfficientNetLiteLayout.lite2.gridSize * EfficientNetLiteLayout.lite2.gridSize,
        EfficientNetLiteLayout.lite2.headOutputs,
    ]

    let layout: EfficientNetLiteLayout
    private let blocks: [InvertedResidual]
    private let head: Pointwise
    /// The first blocks, where they are another tower's: this one is its branch.
    private let sharedBlocks: Int
    // Touched only by whoever holds `turn`.
    private nonisolated(unsafe) var workspaces: [Workspace]
    private let turn = Mutex(())

    /// The elements of a tensor of that name and shape; nil for a stand-in.
    typealias Parameters = (_ name: String, _ shape: [Int]) -> [Float]?

    /// Reads the tower's tensors.
    public convenience init(_ weights: Weights) {
        self.init(layout: .lite2) { weights.tensor($0, $1)?.floats() }
    }

    /// A branch of `trunk`: its stem and first blocks, which are shared, then blocks and a last convolution of its own.
    public convenience init(
        _ weights: Weights, _ branch: SensoriumConfiguration.ImageBranch, of trunk: EfficientNetLite
    ) {
        self.init(trunk, fromBlock: branch.fromBlock) { weights.tensor($0, $1)?.floats() }
    }

    /// A branch of weights from elsewhere.
    convenience init(_ trunk: EfficientNetLite, fromBlock: Int, parameters: Parameters) {
        self.init(layout: trunk.layout, sharing: Array(trunk.blocks.prefix(fromBlock)), parameters: parameters)
    }

    /// - Parameter shared: the first blocks, where they are another tower's.
    init(
        layout: EfficientNetLiteLayout, kernels: KernelSet = .best, sharing shared: [InvertedResidual] = [],
        parameters: Parameters
    ) {
        self.layout = layout
        func convolution<Layer>(
            _ name: String, _ shape: [Int], orElse standIn: @autoclosure () -> Layer,
            _ make: (_ weight: [Float], _ bias: [Float]) -> Layer
        ) -> Layer {
            let (weight, bias) = (parameters("\(name).weight", shape), parameters("\(name).bias", [shape[0]]))
            guard let weight, let bias else { return standIn() }
            return make(weight, bias)
        }
        func pointwise(_ name: String, _ outputs: Int, _ inputs: Int) -> Pointwise {
            convolution(name, [outputs, inputs, 1, 1], orElse: .standIn) {
                Pointwise(weight: $0, bias: $1, outputs: outputs, inputs: inputs, kernels: kernels)
            }
        }
        var blocks = shared
        for (index, block) in layout.blocks.enumerated().dropFirst(shared.count) {
            let name = "blocks.\(index)"
            // The stem belongs to the first block, which has no expansion of its own.
            var source = InvertedResidual.Source.input
            if block.expands {
                source = .expansion(pointwise("\(name).expand", block.expanded, block.inputs))
            } else if index == 0 {
                let stem = convolution("stem", [layout.stemOutputs, 3, 3, 3], orElse: .standIn) {
                    Convolution2D(
                        weight: $0, bias: $1, outputs: layout.stemOutputs, channels: 3, kernel: 3, stride: 2,
                        kernels: kernels)
                }
                source = .convolution(stem)
            }
            let middle = convolution(
                "\(name).depthwise", [block.expanded, 1, block.kernel, block.kernel], orElse: .standIn
            ) {
                DepthwiseConvolution(
                    weight: $0, bias: $1, channels: block.expanded, kernel: block.kernel, stride: block.stride,
                    kernels: kernels)
            }
            blocks.append(
                InvertedResidual(
                    source: source, depthwise: middle,
                    project: pointwise("\(name).project", block.outputs, block.expanded),
                    hasResidual: block.hasResidual))
        }
        self.blocks = blocks
        sharedBlocks = shared.count
        head = pointwise("head", layout.headOutputs, layout.blocks.last?.outputs ?? layout.stemOutputs)
        workspaces = [Workspace(for: layout)]
    }

    /// Bytes of packed weights.
    public var weightBytes: Int { blocks.reduce(head.byteCount) { $0 + $1.byteCount } }
    /// Bytes of memory for activations, as far as calls have needed it.
    public var workspaceBytes: Int { turn.withLock { _ in workspaces.reduce(0) { $0 + $1.byteCount } } }

    /// pixels [batch, 260, 260, 3], normalised → tokens [batch, 81, 1280]. An image's tokens do not depend on the
    /// others of its batch. Calls take turns, since they share the memory for activations.
    public func tokens(
        _ pixels: UnsafePointer<Float>, batch: Int, into output: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let pixelCount = imageSize * imageSize * 3
        let outputCount = tokenCount * channels
        turn.withLock { (_: inout ()) -> Void in
            while workspaces.count < min(batch, pool.threadCount) { workspaces.append(Workspace(for: layout)) }
            // Each thread computes in a workspace of its own, and writes the tokens of images of its own.
            nonisolated(unsafe) let (pixels, output, workspaces) = (pixels, output, workspaces)
            pool.forEach(batch) { image, thread, pool in
                self.tokens(
                    pixels + image * pixelCount, into: output + image * outputCount, workspaces[thread], pool: pool)
            }
        }
    }

    /// The tokens of one image by this tower and by a branch of it, each to the bit what it is alone: what they share is
    /// computed once. For images side by side, as `tokens`.
    public func tokens(
        _ pixels: UnsafePointer<Float>, batch: Int, into output: UnsafeMutablePointer<Float>,
        and branch: EfficientNetLite, into branchOutput: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let pixelCount = imageSize * imageSize * 3
        turn.withLock { (_: inout ()) -> Void in
            // The two go on side by side, also for one image.
            while workspaces.count < min(2 * batch, pool.threadCount) { workspaces.append(Workspace(for: layout)) }
            // Each thread computes in a workspace of its own, and writes tokens of its own.
            nonisolated(unsafe) let (pixels, outputs, workspaces) = (pixels, (output, branchOutput), workspaces)
            pool.forEach(batch) { image, thread, pool in
                nonisolated(unsafe) let own = workspaces[thread]
                let shared = self.run(
                    0..<branch.sharedBlocks, from: pixels + image * pixelCount, size: (layout.imageSize + 1) / 2,
                    own, pool: pool)
                // Read by both, written by none.
                nonisolated(unsafe) let fork = own.fork(
                    shared.activation, count: shared.size * shared.size * shared.channels)
                let size = shared.size
                pool.forEach(2) { part, inner, within in
                    let tower = part == 0 ? self : branch
                    let output = (part == 0 ? outputs.0 : outputs.1) + image * tower.tokenCount * tower.channels
                    // A pool of one thread is the thread that calls.
                    let workspace = pool.threadCount == 1 ? own : workspaces[inner]
                    let last = tower.run(
                        branch.sharedBlocks..<tower.blocks.count, from: fork, size: size, workspace,
                        pool: within)
                    tower.head(
                        last.activation, rows: last.size * last.size, activation: .relu6, into: output, pool: within)
                }
            }
        }
    }

    private func tokens(
        _ pixels: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, _ workspace: Workspace,
        pool: ComputePool
    ) {
        let last = run(
            blocks.indices, from: pixels, size: (layout.imageSize + 1) / 2, workspace, pool: pool)
        head(last.activation, rows: last.size * last.size, activation: .relu6, into: output, pool: pool)
    }

    /// Some blocks, one after the other. The result stands in the workspace until its next use.
    private func run(
        _ range: Range<Int>, from input: UnsafePointer<Float>, size: Int, _ workspace: Workspace, pool: ComputePool
    ) -> (activation: UnsafePointer<Float>, size: Int, channels: Int) {
        var size = size
        var current = workspace.activations.0
        var following = workspace.activations.1
        var source = input
        for index in range {
            let shape = layout.blocks[index]
            blocks[index](
                source, height: size, width: size, into: following.pointer, scratch: workspace.scratch, pool: pool)
            size = (size + shape.stride - 1) / shape.stride
            swap(&current, &following)
            source = UnsafePointer(current.pointer)
        }
        return (source, size, range.last.map { layout.blocks[$0].outputs } ?? 3)
    }

    /// Memory for the activations of one image at a time, made once and reused: the output of two blocks in turn, and
    /// what a block needs inside.
    final class Workspace {
        let activations: (FloatBuffer, FloatBuffer)
        let scratch = InvertedResidual.Scratch()
        /// What two towers go on from.
        private var forked = FloatBuffer(count: 0)

        init(for layout: EfficientNetLiteLayout) {
            var size = (layout.imageSize + 1) / 2
            var most = 0
            for block in layout.blocks {
                size = (size + block.stride - 1) / block.stride
                most = max(most, size * size * block.outputs)
            }
            activations = (FloatBuffer(count: most), FloatBuffer(count: most))
        }

        /// A copy of an activation that the next blocks do not touch.
        func fork(_ activation: UnsafePointer<Float>, count: Int) -> UnsafePointer<Float> {
            if forked.count < count { forked = FloatBuffer(count: count) }
            forked.pointer.update(from: activation, count: count)
            return UnsafePointer(forked.pointer)
        }

        var byteCount: Int {
            activations.0.byteCount + activations.1.byteCount + scratch.byteCount + forked.byteCount
        }
    }
}
