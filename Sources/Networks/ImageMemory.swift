import Checkpoint
import Tensor

/// The encoder half of the caption head: image tokens become the memory that the decoder attends to.
///
///     x = norm(projection(tokens)) + positions
///     x += attention(norm(x));  x += feedForward(norm(x))      per layer (pre-LN: Xiong et al. 2020)
///     memory = norm(x)
public final class ImageMemory: Sendable {
    private let tokens: Int
    private let channels: Int
    private let width: Int
    private let inner: Int
    private let projection: Linear
    private let norm: LayerNorm
    private let positions: [Float]  // [tokens, d]
    private let layers: [TransformerLayer]
    private let finalNorm: LayerNorm

    /// Reads the tensors `image.*` of the caption head.
    public init(
        _ caption: Weights, _ head: SensoriumConfiguration.CaptionHead, tower: SensoriumConfiguration.ImageTower,
        width: Int
    ) {
        tokens = tower.tokens
        channels = tower.channels
        self.width = width
        inner = head.feedForward
        let weights = caption["image"]
        let epsilon = head.layerNormEpsilon
        projection = weights.linear("projection", tower.channels, width)
        norm = weights.layerNorm("norm", width, epsilon: epsilon)
        positions = weights.floats("positions", [tower.tokens, width])
        layers = (0..<head.imageLayers).map { index in
            TransformerLayer(
                weights["layers.\(index)"], width: width, heads: head.attentionHeads, inner: head.feedForward,
                epsilon: epsilon)
        }
        finalNorm = weights.layerNorm("final_norm", width, epsilon: epsilon)
    }

    /// Image tokens [images, tokens, channels] → memory [images, tokens, d].
    public func encode(
        _ imageTokens: UnsafePointer<Float>, images: Int, into memory: UnsafeMutablePointer<Float>,
        workspace: Workspace, pool: ComputePool
    ) {
        let rows = images * tokens
        workspace.begin(rows * width, rows * width, rows * max(3 * width, inner))
        let x = workspace.take(rows * width)  // [rows, d]
        let normed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(rows * max(3 * width, inner))  // [rows, q|k|v], then [rows, inner]

        projection.apply(imageTokens, rows: rows, into: normed, pool: pool)
        norm.apply(normed, rows: rows, into: x, pool: pool)
        for image in 0..<images {
            for index in positions.indices { x[image * tokens * width + index] += positions[index] }
        }
        let spans = RowSpans(Array(repeating: tokens, count: images))
        for layer in layers { layer.apply(x, spans, normed: normed, wide: wide, pool: pool) }
        finalNorm.apply(x, rows: rows, into: memory, pool: pool)
    }
}
