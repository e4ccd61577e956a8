import Checkpoint
import Tensor

/// PP-LCNet, third version (Cui et al. 2021, as PP-OCRv4 has it), a convolutional network for processors:
///
///     x = stem(pixels)
///     x = act(pointwise(share · act(depthwise(x))))   each block
///
/// act is a hard swish with a scale and a shift of its own.
struct LCNet: Sendable {
    private let layout: LCNetLayout
    private let stem: WindowConvolution
    private let blocks: [Block]

    /// Where it computes: room for ``counts(height:width:)`` floats each, overwritten.
    struct Memory {
        /// The grid that a block reads and then writes.
        let grid: UnsafeMutablePointer<Float>
        /// What is between.
        let inner: UnsafeMutablePointer<Float>
    }

    private struct Block: Sendable {
        let depthwise: DepthwiseConvolution
        let middle: ScaledHardSwish?
        let squeeze: SqueezeExcitation?
        let pointwise: Pointwise
        let last: ScaledHardSwish
    }

    /// Reads `stem` and `blocks.*`.
    init(_ weights: Weights, _ layout: LCNetLayout) {
        self.layout = layout
        stem = weights.window("stem", 3, LCNetLayout.stemOutputs, rows: 3, columns: 3, stride: 2)
        blocks = layout.blocks.enumerated().map { index, shape in
            let block = weights["blocks.\(index)"]
            let inputs = layout.inputs(of: index)
            let (weight, bias) = block.convolution("depthwise", [inputs, 1, shape.kernel, shape.kernel])
            return Block(
                depthwise: weights.made(
                    DepthwiseConvolution(
                        weight: weight, bias: bias, channels: inputs, kernel: shape.kernel, stride: shape.across,
                        rowStride: shape.down, isCentred: true, activation: .none), orElse: .standIn),
                middle: shape.isActiveBetween ? ScaledHardSwish(block["middle"]) : nil,
                squeeze: shape.squeezes
                    ? SqueezeExcitation(block["squeeze"], channels: inputs, slope: 1 / 6) : nil,
                pointwise: block.pointwise("pointwise", inputs, shape.outputs),
                last: ScaledHardSwish(block["last"]))
        }
    }

    /// Floats of the memory for a picture of this size.
    func counts(height: Int, width: Int) -> (grid: Int, inner: Int) {
        var (height, width) = ((height + 1) / 2, (width + 1) / 2)
        var grid = height * width * LCNetLayout.stemOutputs
        var inner = stem.frameCount(height: 2 * height, width: 2 * width)
        for (block, shape) in zip(blocks, layout.blocks) {
            (height, width) = block.depthwise.outputSize(height: height, width: width)
            inner = max(inner, height * width * block.depthwise.channels)
            grid = max(grid, height * width * shape.outputs)
        }
        return (grid, inner)
    }

    /// Pixels [height, width, 3] → the last grid, in `memory.grid`; its size is the result.
    /// - Parameters:
    ///   - pause: called between blocks.
    ///   - after: is shown the grid of each block: its place, its height and its width.
    func apply(
        _ pixels: UnsafePointer<Float>, height: Int, width: Int, _ memory: Memory, pool: ComputePool,
        pause: () -> Void = {}, after: (_ block: Int, _ height: Int, _ width: Int) -> Void = { _, _, _ in }
    ) -> (height: Int, width: Int) {
        stem(pixels, height: height, width: width, frame: memory.inner, into: memory.grid, pool: pool)
        var (height, width) = ((height + 1) / 2, (width + 1) / 2)
        for (index, block) in blocks.enumerated() {
            block.depthwise(memory.grid, batch: 1, height: height, width: width, into: memory.inner, pool: pool)
            (height, width) = block.depthwise.outputSize(height: height, width: width)
            let cells = height * width
            block.middle?.apply(memory.inner, count: cells * block.depthwise.channels, pool: pool)
            block.squeeze?.apply(memory.inner, cells: cells, pool: pool)
            block.pointwise(memory.inner, rows: cells, into: memory.grid, pool: pool)
            block.last.apply(memory.grid, count: cells * layout.blocks[index].outputs, pool: pool)
            after(index, height, width)
            pause()
        }
        return (height, width)
    }
}

/// A hard swish whose result is scaled and shifted by two learned numbers.
struct ScaledHardSwish: Sendable {
    private let scale: Float, shift: Float

    /// Reads `weight` [2].
    init(_ weights: Weights) {
        let numbers = weights.floats("weight", [2])
        (scale, shift) = weights.made((numbers[0], numbers[1]), orElse: (0, 0))
    }

    func apply(_ x: UnsafeMutablePointer<Float>, count: Int, pool: ComputePool) {
        hardSwish(x, count: count, scale: scale, shift: shift, pool: pool)
    }
}
