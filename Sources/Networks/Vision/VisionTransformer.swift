import Checkpoint
import Tensor

/// A vision transformer (Dosovitskiy et al. 2021): patches of a picture become tokens by one linear map, positions are added, and
/// pre-LN layers follow. CLIP's has a norm before the layers, DINOv2's scales behind each half of them, SigLIP's no class token.
///
/// The tokens of the pictures of a batch stand one below the other: a picture's result does not depend on the others.
public final class VisionTransformer: Sendable {
    /// What a family calls its tensors, and which of them it has.
    public struct Names: Sendable {
        let patches: String
        var patchesHaveBias = true
        /// Its name and its dimensions before the last.
        var classToken: (name: String, outer: [Int])?
        let positions: (name: String, outer: [Int])
        var firstNorm: String?
        let layers: String
        let layer: PreNormLayer.Names
        let lastNorm: String
    }

    private let configuration: VisionTransformerConfiguration
    private let shape: PreNormLayer.Shape
    private let grid: (rows: Int, columns: Int)
    private let width: Int
    private let pixelsWide: Int
    private let patches: Linear
    private let classToken: [Float]?
    /// [tokens, d]
    private let positions: [Float]
    private let firstNorm: LayerNorm?
    private let layers: [PreNormLayer]
    private let lastNorm: LayerNorm

    /// Reads the tensors.
    /// - Parameters:
    ///   - gatedSize: the channels within gated feed-forward layers; nil where they are not gated.
    ///   - picture: the size of the pictures that will come, where positions are stretched to it; nil for the configuration's.
    ///   - places: for each patch the row of the table that is its position; nil for as many rows, in their order.
    public init(
        _ weights: Weights, _ configuration: VisionTransformerConfiguration, _ names: Names, gatedSize: Int? = nil,
        picture: (height: Int, width: Int)? = nil, places: [Int]? = nil
    ) {
        self.configuration = configuration
        let width = configuration.hiddenSize
        self.width = width
        let size = picture ?? (configuration.imageHeight, configuration.imageWidth)
        pixelsWide = size.width
        grid = configuration.grid(height: size.height, width: size.width)
        shape = PreNormLayer.Shape(
            width: width, heads: configuration.attentionHeads, inner: gatedSize ?? configuration.intermediateSize,
            activation: Activation(configuration.activation), epsilon: configuration.layerNormEpsilon,
            hasAttentionBias: configuration.hasAttentionBias, isGated: gatedSize != nil)
        patches = weights.patches(
            names.patches, width, rows: configuration.patchHeight, columns: configuration.patchWidth,
            bias: names.patchesHaveBias)
        classToken = names.classToken.map { weights.floats($0.name, $0.outer + [width]) }
        let learned = configuration.grid(height: configuration.imageHeight, width: configuration.imageWidth)
        let before = names.classToken == nil ? 0 : 1
        let table = weights.floats(
            names.positions.name, names.positions.outer + [before + learned.rows * learned.columns, width])
        let wanted = grid
        if let places {
            positions = weights.made(
                places.flatMap { table[(before + $0) * width..<(before + $0 + 1) * width] }, orElse: [])
        } else {
            positions = weights.made(
                wanted == learned
                    ? table
                    : Array(table.prefix(before * width))
                        + stretched(
                            Array(table.dropFirst(before * width)), width: width, from: learned, to: wanted), orElse: []
            )
        }
        firstNorm = names.firstNorm.map { weights.layerNorm($0, width, epsilon: configuration.layerNormEpsilon) }
        let shape = shape
        layers = (0..<configuration.layers).map { PreNormLayer(weights["\(names.layers).\($0)"], shape, names.layer) }
        lastNorm = weights.layerNorm(names.lastNorm, width, epsilon: configuration.layerNormEpsilon)
    }

    /// Tokens of a picture: the class token, if there is one, then the patches row by row.
    public var tokens: Int { grid.rows * grid.columns + (classToken == nil ? 0 : 1) }

    /// The most rows computed at once: pictures beyond it wait.
    private static let rowsAtOnce = 1024

    /// Pictures [height, width, 3] → their last hidden states [tokens, d], through the last norm. A picture of another size than
    /// announced is the caller's mistake and stops the program.
    /// - Parameter pause: called after each layer; what is computed then must have a workspace of its own.
    public func hiddenStates(
        _ pictures: [[Float]], workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [TowerTokens] {
        let atOnce = max(1, Self.rowsAtOnce / tokens)
        return stride(from: 0, to: pictures.count, by: atOnce).flatMap { first in
            encode(pictures[first..<min(first + atOnce, pictures.count)], workspace, pool, pause)
        }
    }

    private func encode(
        _ pictures: ArraySlice<[Float]>, _ workspace: Workspace, _ pool: ComputePool, _ pause: () -> Void
    ) -> [TowerTokens] {
        let rows = RowSpans(pictures.map { _ in tokens })
        let pixels = configuration.patchHeight * configuration.patchWidth * 3
        let wideCount = max(rows.total * PreNormLayer.wideWidth(shape), grid.rows * grid.columns * pixels)
        workspace.begin(rows.total * width, rows.total * width, wideCount)
        let x = workspace.take(rows.total * width)  // [rows, d]
        let normed = workspace.take(rows.total * width)  // [rows, d]
        let wide = workspace.take(wideCount)  // the patches of a picture, then [rows, q|k|v], then [rows, inner]

        for (picture, span) in zip(pictures, rows.spans) {
            embed(picture, patches: wide, into: x + span.lowerBound * width, pool)
        }
        if let firstNorm { firstNorm.apply(x, rows: rows.total, into: x, pool: pool) }
        pause()
        for layer in layers {
            layer.apply(x, rows, normed: normed, wide: wide, pool: pool)
            pause()
        }
        lastNorm.apply(x, rows: rows.total, into: x, pool: pool)
        return rows.spans.map { span in
            let start = x + span.lowerBound * width
            return TowerTokens(
                tokens: span.count, width: width,
                values: Array(UnsafeBufferPointer(start: start, count: span.count * width)))
        }
    }

    /// x = class token | patches · Wᵀ + b, plus positions
    private func embed(
        _ picture: [Float], patches rows: UnsafeMutablePointer<Float>, into x: UnsafeMutablePointer<Float>,
        _ pool: ComputePool
    ) {
        let (high, wide) = (configuration.patchHeight, configuration.patchWidth)
        precondition(picture.count % (pixelsWide * 3) == 0 && picture.count >= grid.rows * high * pixelsWide * 3)
        picture.withUnsafeBufferPointer { pixels in
            var target = rows
            for row in 0..<grid.rows {
                for column in 0..<grid.columns {
                    for line in 0..<high {
                        let first = ((row * high + line) * pixelsWide + column * wide) * 3
                        for index in 0..<wide * 3 { target[index] = pixels[first + index] }
                        target += wide * 3
                    }
                }
            }
        }
        var first = x
        if let classToken {
            for channel in 0..<width { x[channel] = classToken[channel] }
            first += width
        }
        patches.apply(rows, rows: grid.rows * grid.columns, into: first, pool: pool)
        for index in 0..<tokens * width { x[index] += positions[index] }
    }
}

/// A table of positions [rows · columns, width] for another grid: bicubic with a = -0.75, edges repeated, pixel centres aligned, as
/// PyTorch's `interpolate(mode="bicubic", align_corners=False)`.
func stretched(
    _ table: [Float], width: Int, from old: (rows: Int, columns: Int), to new: (rows: Int, columns: Int)
) -> [Float] {
    func taps(_ inputs: Int, _ outputs: Int) -> [[(place: Int, weight: Float)]] {
        let a: Float = -0.75
        func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        let scale = Float(inputs) / Float(outputs)
        return (0..<outputs).map { output in
            let place = scale * (Float(output) + 0.5) - 0.5
            let first = place.rounded(.down)
            let t = place - first
            return zip(-1...2, [far(t + 1), near(t), near(1 - t), far(2 - t)]).map {
                (min(max(Int(first) + $0, 0), inputs - 1), $1)
            }
        }
    }
    let (down, across) = (taps(old.rows, new.rows), taps(old.columns, new.columns))
    var result: [Float] = []
    result.reserveCapacity(new.rows * new.columns * width)
    for row in down {
        for column in across {
            for channel in 0..<width {
                result.append(
                    row.reduce(0) { sum, line in
                        sum + line.weight
                            * column.reduce(0) {
                                $0 + $1.weight * table[(line.place * old.columns + $1.place) * width + channel]
                            }
                    })
            }
        }
    }
    return result
}
