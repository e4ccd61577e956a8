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

    /// Reads `<name>.stem` and `<name>.blocks.*`.
    init(_ checkpoint: Checkpoint, _ layout: LCNetLayout, name: String) throws(CheckpointError) {
        self.layout = layout
        stem = try WindowConvolution(checkpoint, "\(name).stem", stride: 2)
        var blocks: [Block] = []
        for (index, shape) in layout.blocks.enumerated() {
            let place = "\(name).blocks.\(index)"
            blocks.append(
                Block(
                    depthwise: DepthwiseConvolution(
                        weight: try checkpoint.tensor("\(place).depthwise.weight").floats(),
                        bias: try checkpoint.tensor("\(place).depthwise.bias").floats(),
                        channels: layout.inputs(of: index), kernel: shape.kernel, stride: shape.across,
                        rowStride: shape.down, isCentred: true, activation: .none),
                    middle: shape.isActiveBetween ? try ScaledHardSwish(checkpoint, "\(place).middle") : nil,
                    squeeze: shape.squeezes
                        ? try SqueezeExcitation(checkpoint, "\(place).squeeze", slope: 1 / 6) : nil,
                    pointwise: try Pointwise(checkpoint, "\(place).pointwise"),
                    last: try ScaledHardSwish(checkpoint, "\(place).last")))
        }
        self.blocks = blocks
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

    static func requirements(_ layout: LCNetLayout, name: String) -> [TensorRequirement] {
        var all = convolution("\(name).stem", [LCNetLayout.stemOutputs, 3, 3, 3])
        for (index, block) in layout.blocks.enumerated() {
            let place = "\(name).blocks.\(index)"
            let inputs = layout.inputs(of: index)
            all += convolution("\(place).depthwise", [inputs, 1, block.kernel, block.kernel])
            if block.isActiveBetween { all.append(TensorRequirement("\(place).middle.weight", [2])) }
            if block.squeezes { all += SqueezeExcitation.requirements("\(place).squeeze", channels: inputs) }
            all += convolution("\(place).pointwise", [block.outputs, inputs, 1, 1])
            all.append(TensorRequirement("\(place).last.weight", [2]))
        }
        return all
    }

    /// Weight and bias of a convolution with a weight of this shape.
    static func convolution(_ name: String, _ shape: [Int]) -> [TensorRequirement] {
        [TensorRequirement("\(name).weight", shape), TensorRequirement("\(name).bias", [shape[0]])]
    }
}

/// A hard swish whose result is scaled and shifted by two learned numbers.
struct ScaledHardSwish: Sendable {
    private let scale: Float, shift: Float

    /// Reads `<name>.weight` [2].
    init(_ checkpoint: Checkpoint, _ name: String) throws(CheckpointError) {
        let numbers = try checkpoint.tensor("\(name).weight").floats()
        (scale, shift) = (numbers[0], numbers[1])
    }

    func apply(_ x: UnsafeMutablePointer<Float>, count: Int, pool: ComputePool) {
        hardSwish(x, count: count, scale: scale, shift: shift, pool: pool)
    }
}

extension Pointwise {
    /// Reads `<name>.weight` [outputs, inputs, 1, 1] and `<name>.bias`.
    init(_ checkpoint: Checkpoint, _ name: String) throws(CheckpointError) {
        let weight = try checkpoint.tensor("\(name).weight")
        self.init(
            weight: weight.floats(), bias: try checkpoint.tensor("\(name).bias").floats(), outputs: weight.shape[0],
            inputs: weight.shape[1])
    }
}

extension WindowConvolution {
    /// Reads `<name>.weight` [outputs, channels, rows, columns] and `<name>.bias`.
    convenience init(
        _ checkpoint: Checkpoint, _ name: String, stride: Int = 1, activation: Activation = .none
    ) throws(CheckpointError) {
        let weight = try checkpoint.tensor("\(name).weight")
        self.init(
            weight: weight.floats(), bias: try checkpoint.tensor("\(name).bias").floats(), outputs: weight.shape[0],
            channels: weight.shape[1], rows: weight.shape[2], columns: weight.shape[3], stride: stride,
            activation: activation)
    }
}
