import Checkpoint
import Networks
import Tensor
import Tokenizer

/// A published BLIP (Li et al. 2022) that says whether a text fits a picture, by a head over the text that has seen the picture
/// (ITM), and has vectors of pictures and texts in one space (ITC).
public final class BLIPRetriever: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// Numbers of a vector.
    public let dimensions: Int
    /// How pictures are prepared.
    public let picturePreparation: PicturePreparation
    /// How texts are prepared.
    public let textPreparation: TextPreparation

    /// What the head says, in the order of its logits.
    static let labels = ["no match", "match"]

    private let vision: VisionTransformer
    private let encoder: BLIPTextEncoder
    private let head: VectorMap
    private let visionProjection: VectorMap
    private let textProjection: VectorMap
    private let compute: Compute

    init(_ folder: Checkpoint, _ configuration: BLIPConfiguration, compute: Compute) throws {
        let weights = Weights(folder)
        let (picture, text) = (configuration.vision, configuration.text)
        vision = VisionTransformer(weights["vision_model"], picture, .blip)
        encoder = BLIPTextEncoder(weights["text_encoder"], text, pictureWidth: picture.hiddenSize)
        head = VectorMap(weights, "itm_head", text.hiddenSize, Self.labels.count)
        visionProjection = VectorMap(weights, "vision_proj", picture.hiddenSize, configuration.spaceSize)
        textProjection = VectorMap(weights, "text_proj", text.hiddenSize, configuration.spaceSize)
        try weights.finish(ignoring: BLIPConfiguration.unread)
        let tokenizer = try Tokenizer(folder: folder.directory)
        try tokenizer.requireIDs(below: text.vocabularySize)
        textPreparation = TextPreparation(tokenizer, maxTokens: text.maxPositions)
        try textPreparation.requireSpecialTokens()
        picturePreparation = try PicturePreparation(configuration.pictures)
        dimensions = configuration.spaceSize
        identity = ModelIdentity(folder, weights, BLIPConfiguration.modelType)
        self.compute = compute
    }

    /// The part that is a picture.
    public var media: PartSpec { PartSpec(part: "image", tower: "image", .image(picturePreparation)) }
    /// The part that is a text.
    public var text: PartSpec { PartSpec(part: "text", tower: "text", .text(textPreparation)) }
    /// The space of its vectors.
    public var space: EmbeddingSpace { EmbeddingSpace(dimensions: dimensions, inputs: [media, text]) }

    /// The last hidden states of pictures [tokens, d].
    public func states(of pictures: [[Float]], pause: () -> Void = {}) -> [TowerTokens] {
        compute.take { vision.hiddenStates(pictures, workspace: $0.workspace, pool: compute.pool, pause: pause) }
    }

    /// The vectors of pictures, of any length: of the class token.
    public func encode(media pictures: [[Float]], pause: () -> Void = {}) -> [[Float]] {
        visionProjection(states(of: pictures, pause: pause).map(\.first), pool: compute.pool)
    }

    /// The vectors of texts, of any length: of the first token of each, which has seen no picture.
    public func encode(texts: [Tokenizer.Encoding], pause: () -> Void = {}) -> [[Float]] {
        textProjection(states(of: texts, about: nil, pause), pool: compute.pool)
    }

    /// The logits of ``labels`` for each picture and the text beside it.
    public func logits(
        _ pictures: [[Float]], _ texts: [Tokenizer.Encoding], pause: () -> Void = {}
    ) -> [[Float]] {
        let states = states(of: pictures, pause: pause)
        let memories = states.map { state in
            compute.take { _ in encoder.memory(of: state, pool: compute.pool, pause: pause) }
        }
        return head(self.states(of: texts, about: memories, pause), pool: compute.pool)
    }

    /// The last state of the first token of each text.
    private func states(
        of texts: [Tokenizer.Encoding], about memories: [CrossAttentionMemory]?, _ pause: () -> Void
    ) -> [[Float]] {
        compute.take {
            encoder.hiddenStates(
                texts.map(\.ids), about: memories, workspace: $0.workspace, pool: compute.pool, pause: pause
            ).map(\.first)
        }
    }
}

extension TowerTokens {
    /// The first token.
    fileprivate var first: [Float] { Array(values.prefix(width)) }
}
