import Checkpoint
import Networks
import Tensor
import Tokenizer

/// A published model with an image and a text tower that were taught to agree: CLIP (Radford et al. 2021) or SigLIP (Zhai et al.
/// 2023). Pictures and texts have vectors in one space, and how well a text fits a picture is a number.
public final class ContrastiveModel: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// Numbers of a vector.
    public let dimensions: Int
    /// How pictures are prepared.
    public let picturePreparation: PicturePreparation
    /// How texts are prepared.
    public let textPreparation: TextPreparation
    /// How fits become scores.
    public let fit: Fit

    /// How the cosine of a picture's and a text's vector becomes a score of the text.
    public struct Fit: Sendable, Equatable {
        /// The factor of the cosine.
        public let scale: Float
        /// Added to it; 0 for CLIP.
        public let bias: Float
        /// Whether the scores of several texts add up to 1: their softmax, as CLIP was taught. Else each is a sigmoid.
        public let isExclusive: Bool
    }

    /// The networks of both sides.
    struct Towers: Sendable {
        let vision: VisionTransformer
        /// SigLIP's; nil: the class token is read, as in CLIP.
        let pooling: AttentionPooling?
        let visualProjection: VectorMap?
        let text: TextTransformer
        let textProjection: VectorMap
        /// The tokens of a text as the text tower takes them.
        let place: @Sendable (_ ids: [Int32]) -> TextTransformer.Text
    }

    private let towers: Towers
    private let compute: Compute

    init(
        _ identity: ModelIdentity, _ towers: Towers, _ fit: Fit, dimensions: Int, pictures: PicturePreparation,
        texts: TextPreparation, compute: Compute
    ) throws {
        try texts.requireSpecialTokens()
        self.identity = identity
        self.towers = towers
        self.fit = fit
        self.dimensions = dimensions
        picturePreparation = pictures
        textPreparation = texts
        self.compute = compute
    }

    /// The space of its vectors.
    public var space: EmbeddingSpace { EmbeddingSpace(dimensions: dimensions, inputs: [media, text]) }

    /// The part that is a picture.
    public var media: PartSpec { PartSpec(part: "image", tower: "image", .image(picturePreparation)) }
    /// The part that is a text.
    public var text: PartSpec { PartSpec(part: "text", tower: "text", .text(textPreparation)) }

    /// The vectors of pictures, projected, of any length.
    public func encode(media pictures: [[Float]], pause: () -> Void = {}) -> [[Float]] {
        compute.take { memory in
            let states = towers.vision.hiddenStates(
                pictures, workspace: memory.workspace, pool: compute.pool, pause: pause)
            let pooled = states.map { state in
                towers.pooling.map { $0(state, pool: compute.pool) } ?? Array(state.values.prefix(state.width))
            }
            return towers.visualProjection.map { $0(pooled, pool: compute.pool) } ?? pooled
        }
    }

    /// The vectors of texts, projected, of any length.
    public func encode(texts: [Tokenizer.Encoding], pause: () -> Void = {}) -> [[Float]] {
        compute.take { memory in
            let states = towers.text.states(
                texts.map { towers.place($0.ids) }, workspace: memory.workspace, pool: compute.pool, pause: pause)
            return towers.textProjection(states, pool: compute.pool)
        }
    }

    /// How well each text fits a picture: scale · cosine + bias. Vectors of any length.
    public func logits(picture: [Float], texts: [[Float]]) -> [Float] {
        let picture = ofLengthOne(picture)
        return texts.map { text in
            let cosine = zip(picture, ofLengthOne(text)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            return Float(Double(fit.scale) * cosine + Double(fit.bias))
        }
    }

    /// The scores of texts for a picture, 0...1 each.
    public func scores(picture: [Float], texts: [[Float]]) -> [Float] {
        fit.isExclusive
            ? softmax(logits(picture: picture, texts: texts)) : logits(picture: picture, texts: texts).map(sigmoid)
    }
}
