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

    /// Reads the tensors `caption.image.*`.
    public init(
        _ checkpoint: Checkpoint, _ head: SensoriumConfiguration.CaptionHead, tower: SensoriumConfiguration.ImageTower,
        width: Int
    ) throws(CheckpointError) {
        tokens = tower.tokens
        channels = tower.channels
        self.width = width
        inner = head.feedForward
        let epsilon = head.layerNormEpsilon
        projection = try Linear(checkpoint, "caption.image.projection")
        norm = try LayerNorm(checkpoint, "caption.image.norm", epsilon: epsilon)
        positions = try checkpoint.tensor("caption.image.positions").floats()
        var layers: [TransformerLayer] = []
        for index in 0..<head.imageLayers {
            layers.append(
                try TransformerLayer(
                    checkpoint, "caption.image.layers.\(index)", width: width, heads: head.attentionHeads,
                    epsilon: epsilon))
        }
        self.layers = layers
        finalNorm = try LayerNorm(checkpoint, "caption.image.final_norm", epsilon: epsilon)
    }

    /// The tensors that the configuration needs.
    public static func requirements(
        _ head: SensoriumConfiguration.CaptionHead, tower: SensoriumConfiguration.ImageTower, width: Int
    ) -> [TensorRequirement] {
        var all = Linear.requirements("caption.image.projection", outputs: width, inputs: tower.channels)
        all += LayerNorm.requirements("caption.image.norm", width: width)
        all.append(TensorRequirement("caption.image.positions", [tower.tokens, width]))
        for index in 0..<head.imageLayers {
            all += TransformerLayer.requirements(
                "caption.image.layers.\(index)", width: width, inner: head.feedForward)
        }
        return all + LayerNorm.requirements("caption.image.final_norm", width: width)
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
