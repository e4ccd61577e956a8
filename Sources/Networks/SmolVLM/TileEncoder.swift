import Checkpoint
import Tensor

/// The eyes of Idefics 3 and SmolVLM: a SigLIP vision transformer over a tile of a picture, whose tokens are gathered in squares,
/// side by side (pixel shuffle, Shi et al. 2016), and mapped to what the text decoder reads.
public final class TileEncoder: Sendable {
    /// Channels of a token that the text decoder reads.
    public let outputWidth: Int
    private let transformer: VisionTransformer
    private let projection: Linear
    private let across: Int
    private let factor: Int
    private let width: Int

    /// Reads `vision_model` and `connector`.
    public init(_ weights: Weights, _ configuration: SmolVLMConfiguration) {
        let tile = configuration.pictures.tile
        across = configuration.patchesAcross
        factor = configuration.scaleFactor
        width = configuration.vision.hiddenSize
        outputWidth = configuration.text.hiddenSize
        transformer = VisionTransformer(
            weights["vision_model"], configuration.vision, .siglip, picture: (tile, tile),
            places: patchPlaces(across: across, learned: configuration.learnedAcross))
        projection = weights.linear(
            "connector.modality_projection.proj", factor * factor * width, outputWidth, bias: false)
    }

    /// A tile [side, side, 3] → its tokens [tokens, d of the text decoder].
    /// - Parameter pause: called after each layer; what is computed then must have a workspace of its own.
    public func encode(
        _ tile: [Float], workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [Float] {
        let states = transformer.hiddenStates([tile], workspace: workspace, pool: pool, pause: pause)[0]
        let side = across / factor
        let (rows, gathered) = (side * side, factor * factor * width)
        workspace.begin(rows * gathered)
        let squares = workspace.take(rows * gathered)  // [tokens, factor · factor · d]
        states.values.withUnsafeBufferPointer { states in
            var target = squares
            for row in 0..<side {
                for column in 0..<side {
                    for line in 0..<factor {
                        let first = ((row * factor + line) * across + column * factor) * width
                        for index in 0..<factor * width { target[index] = states[first + index] }
                        target += factor * width
                    }
                }
            }
        }
        return [Float](unsafeUninitializedCapacity: rows * outputWidth) { vectors, initialized in
            // There is a token at least, so that there is a base address.
            if let base = vectors.baseAddress { projection.apply(squares, rows: rows, into: base, pool: pool) }
            initialized = rows * outputWidth
        }
    }
}
