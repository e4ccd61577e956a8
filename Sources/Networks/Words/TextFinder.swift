import Checkpoint
import Tensor

/// Finds lines of text: DB (Liao et al. 2020) with the network and the pyramid of PP-OCRv4's finder.
///
///     grids of a quarter to a 32nd of the picture: blocks of ``LCNet``
///     level = conv(grid) · (1 + share), + the next coarser level, doubled
///     x = smooth(level) · (1 + share), all on the finest grid, side by side
///     map = sigmoid(enlarge(relu(enlarge(relu(conv(x))))))
///
/// The map says of each pixel how likely it is in the middle of a line: lines are shrunk, so that neighbours do not touch.
public final class TextFinder: Sendable {
    private let trunk: LCNet
    private let laterals: [Level]
    private let smooths: [Level]
    private let join: WindowConvolution
    private let enlarge: Doubling
    private let map: Doubling

    /// Sides of pictures are multiples of this.
    public static let sideMultiple = 32
    /// The blocks whose grids are levels, finest first: each of half the sides of the one before.
    private static let levelBlocks = [2, 4, 9, 13]
    private static let levelChannels = 96
    private static let smoothChannels = 24

    /// x · (1 + share) of a convolution's x.
    private struct Level: Sendable {
        let convolution: WindowConvolution
        let squeeze: SqueezeExcitation

        init(_ weights: Weights, _ channels: Int, _ outputs: Int, side: Int) {
            convolution = weights.window("conv", channels, outputs, rows: side, columns: side)
            squeeze = SqueezeExcitation(weights["squeeze"], channels: outputs, slope: 0.2)
        }

        func apply(
            _ x: UnsafePointer<Float>, _ size: Size, frame: UnsafeMutablePointer<Float>,
            into y: UnsafeMutablePointer<Float>, _ pool: ComputePool
        ) {
            convolution(x, height: size.height, width: size.width, frame: frame, into: y, pool: pool)
            squeeze.apply(y, cells: size.cells, adds: true, pool: pool)
        }
    }

    private struct Size {
        let height: Int, width: Int
        var cells: Int { height * width }
    }

    /// Reads the finder's tensors.
    public init(_ weights: Weights) {
        let (levels, smooth) = (Self.levelChannels, Self.smoothChannels)
        trunk = LCNet(weights, .finder)
        laterals = Self.levelBlocks.enumerated().map { index, block in
            Level(weights["lateral.\(index)"], LCNetLayout.finder.blocks[block].outputs, levels, side: 1)
        }
        smooths = Self.levelBlocks.indices.map { Level(weights["smooth.\($0)"], levels, smooth, side: 3) }
        join = weights.window("join", levels, smooth, rows: 3, columns: 3, activation: .relu)
        enlarge = Doubling(weights["enlarge"], smooth, smooth, activation: .relu)
        map = Doubling(weights["map"], smooth, 1, activation: .none)
    }

    /// A picture [height, width, 3] in -1...1 → the probability of each pixel [height, width]. Sides that are no multiples of
    /// 32 are the caller's mistake and stop the program.
    ///
    /// Takes about 100 bytes of `workspace` for each pixel, and calls `pause` every few milliseconds.
    public func probabilities(
        _ pixels: [Float], height: Int, width: Int, workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [Float] {
        precondition(
            height % Self.sideMultiple == 0 && width % Self.sideMultiple == 0
                && pixels.count == height * width * 3, "a picture of sides that are multiples of 32")
        let sizes = (0..<laterals.count).map { Size(height: (height / 4) >> $0, width: (width / 4) >> $0) }
        let finest = sizes[0]
        let counts = trunk.counts(height: height, width: width)
        let inner = max(
            counts.inner, smooths[0].convolution.frameCount(height: finest.height, width: finest.width))
        let smoothCount = finest.cells * Self.smoothChannels
        let levelCounts = sizes.map { $0.cells * Self.levelChannels }
        workspace.begin(counts.grid, inner, smoothCount, levelCounts.reduce(64) { $0 + $1 })
        let memory = LCNet.Memory(grid: workspace.take(counts.grid), inner: workspace.take(inner))
        let smoothed = workspace.take(smoothCount)
        var levels: [UnsafeMutablePointer<Float>] = []
        for count in levelCounts { levels.append(workspace.take(count)) }

        _ = trunk.apply(pixels, height: height, width: width, memory, pool: pool, pause: pause) { block, _, _ in
            guard let level = Self.levelBlocks.firstIndex(of: block) else { return }
            laterals[level].apply(memory.grid, sizes[level], frame: memory.inner, into: levels[level], pool)
        }
        for level in levels.indices.dropLast().reversed() {
            Self.add(levels[level + 1], sizes[level + 1], to: levels[level], channels: Self.levelChannels)
        }
        pause()
        // The trunk's memory is free again: `grid` takes the levels side by side, coarsest first.
        for (place, level) in levels.indices.reversed().enumerated() {
            smooths[level].apply(levels[level], sizes[level], frame: memory.inner, into: smoothed, pool)
            Self.spread(
                smoothed, sizes[level], by: 1 << level, channels: Self.smoothChannels,
                into: memory.grid + place * Self.smoothChannels, stride: Self.levelChannels)
            pause()
        }
        join(memory.grid, height: finest.height, width: finest.width, frame: memory.inner, into: smoothed, pool: pool)
        pause()
        enlarge.apply(
            smoothed, height: finest.height, width: finest.width, between: memory.grid, into: memory.inner, pool: pool)
        pause()
        return [Float](unsafeUninitializedCapacity: height * width) { values, initialized in
            // A picture has pixels, so that there is a base address.
            if let base = values.baseAddress {
                map.apply(
                    memory.inner, height: finest.height * 2, width: finest.width * 2, between: memory.grid,
                    into: base, pool: pool)
                sigmoid(base, count: height * width, pool: pool)
            }
            initialized = height * width
        }
    }

    /// y [2 · height, 2 · width, channels] += x [height, width, channels], each cell four times.
    private static func add(
        _ x: UnsafePointer<Float>, _ size: Size, to y: UnsafeMutablePointer<Float>, channels: Int
    ) {
        for row in 0..<size.height * 2 {
            for column in 0..<size.width * 2 {
                let from = x + (row / 2 * size.width + column / 2) * channels
                let to = y + (row * size.width * 2 + column) * channels
                for channel in 0..<channels { to[channel] += from[channel] }
            }
        }
    }

    /// Each cell of x [height, width, channels] on `factor` × `factor` cells of y, which are `stride` floats apart.
    private static func spread(
        _ x: UnsafePointer<Float>, _ size: Size, by factor: Int, channels: Int, into y: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        for row in 0..<size.height * factor {
            for column in 0..<size.width * factor {
                let from = x + (row / factor * size.width + column / factor) * channels
                (y + (row * size.width * factor + column) * stride).update(from: from, count: channels)
            }
        }
    }
}
