import Checkpoint
import Tensor

/// Finds faces: BlazeFace, short range (Bazarevsky et al. 2019), as MediaPipe runs it.
///
///     x = relu(stem(pixels))
///     x = relu(project(depthwise(x)) + shortcut(x))   16 blocks
///     scores and boxes of each cell's anchors, from the grids of 16 × 16 and 8 × 8
///
/// Meant for faces that fill a good part of the picture: selfies, portraits, small groups.
public final class BlazeFace: Sendable {
    /// Width and height of the input.
    public static let size = 128

    private let stem: Convolution2D
    private let blocks: [BlazeBlock]
    private let fine: Reading
    private let coarse: Reading

    /// What is read from each cell of a grid: the anchors' scores, and the numbers of their boxes and landmarks.
    private struct Reading: Sendable {
        let scores: FilledPointwise
        let boxes: FilledPointwise

        /// Reads `<name>_scores` and `<name>_boxes`.
        init(_ weights: Weights, _ name: String, _ grid: FaceGrid, inputs: Int) {
            scores = FilledPointwise(weights["\(name)_scores"], inputs, grid.anchors, fillsOutputs: false)
            boxes = FilledPointwise(
                weights["\(name)_boxes"], inputs, grid.anchors * FaceGrid.numbers, fillsOutputs: false)
        }
    }

    /// Channels and stride of each block.
    private static let layout: [(channels: Int, stride: Int)] = [
        (24, 1), (28, 1), (32, 2), (36, 1), (42, 1), (48, 2), (56, 1), (64, 1), (72, 1), (80, 1), (88, 1),
        (96, 2), (96, 1), (96, 1), (96, 1), (96, 1),
    ]
    private static let stemChannels = 24
    /// The block after which the finer grid is read.
    private static let fineBlock = 10

    /// Reads the finder's tensors.
    public init(_ weights: Weights) {
        let width = FilledPointwise.filled(Self.stemChannels)
        let (weight, bias) = weights.convolution("stem", [Self.stemChannels, 3, 5, 5])
        stem = weights.made(
            Convolution2D(
                weight: weight.filled(to: width * 75), bias: bias.filled(to: width), outputs: width, channels: 3,
                kernel: 5, stride: 2, activation: .relu), orElse: .standIn)
        var channels = Self.stemChannels
        blocks = Self.layout.enumerated().map { index, block in
            defer { channels = block.channels }
            return BlazeBlock(weights["blocks.\(index)"], channels, block.channels, stride: block.stride)
        }
        fine = Reading(weights, "fine", .fine, inputs: Self.layout[Self.fineBlock].channels)
        coarse = Reading(weights, "coarse", .coarse, inputs: channels)
    }

    /// A picture [128, 128, 3] in -1...1, fitted into the square between bars of -1 → the faces in it, best first, in parts
    /// of the square. Another number of pixels is the caller's mistake and stops the program.
    /// - Parameter threshold: the least score of a face.
    public func find(
        _ pixels: [Float], threshold: Float, workspace: Workspace, pool: ComputePool
    ) -> [FoundFace] {
        let (logits, raw) = read(pixels, workspace: workspace, pool: pool)
        return FoundFace.suppressed(FoundFace.decoded(logits: logits, raw: raw, threshold: threshold))
    }

    /// The logits [896] and raw boxes [896, 16] of all anchors, the finer grid's first, cell by cell.
    func read(_ pixels: [Float], workspace: Workspace, pool: ComputePool) -> (logits: [Float], raw: [Float]) {
        precondition(pixels.count == Self.size * Self.size * 3, "\(pixels.count) numbers are not 128 x 128 pixels")
        var size = Self.size / 2
        // The activations of the first blocks, 24 and 28 channels filled up to 32, are the largest.
        let most = size * size * 32
        // The shortcuts that are not x itself have at most 48 channels on a grid of half the size.
        let mostShortcut = size / 2 * (size / 2) * 48
        let fineCount = FaceGrid.fine.cells * blocks[Self.fineBlock].outputs
        workspace.begin(most, most, most, mostShortcut, fineCount)
        var x = workspace.take(most)  // [size, size, channels], as the others
        var next = workspace.take(most)
        let filtered = workspace.take(most)
        let shortcut = workspace.take(mostShortcut)
        let fineGrid = workspace.take(fineCount)
        stem(pixels, batch: 1, height: Self.size, width: Self.size, into: x, pool: pool)
        for (index, block) in blocks.enumerated() {
            block.apply(x, size: size, filtered: filtered, shortcut: shortcut, into: next, pool: pool)
            size /= Self.layout[index].stride
            swap(&x, &next)
            if index == Self.fineBlock { fineGrid.update(from: x, count: fineCount) }
        }
        let fineRows = FaceGrid.fine.cells
        let coarseRows = FaceGrid.coarse.cells
        return (
            values(fineGrid, fineRows, fine.scores, pool) + values(x, coarseRows, coarse.scores, pool),
            values(fineGrid, fineRows, fine.boxes, pool) + values(x, coarseRows, coarse.boxes, pool)
        )
    }

    private func values(
        _ x: UnsafePointer<Float>, _ rows: Int, _ layer: FilledPointwise, _ pool: ComputePool
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows * layer.outputs) { values, initialized in
            // The grids have cells and the layers outputs, so that there is a base address.
            if let base = values.baseAddress { layer.apply(x, rows: rows, into: base, pool: pool) }
            initialized = rows * layer.outputs
        }
    }
}
