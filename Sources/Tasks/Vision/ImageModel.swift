import Checkpoint
import Networks
import Tensor

/// A published vision transformer that tells pictures apart, turns them into vectors, or both: ViT (Dosovitskiy et al. 2021), DINOv2
/// (Oquab et al. 2024), or the image tower of CLIP or SigLIP by itself.
public final class ImageModel: Sendable {
    /// What it is.
    public let identity: ModelIdentity
    /// How pictures are prepared.
    public let picturePreparation: PicturePreparation
    /// Numbers of a vector.
    public let dimensions: Int
    /// What pictures are told apart by; nil for a model without a head.
    public let labels: [String]?
    /// Whether each label is true or not by itself.
    public let isMultiLabel: Bool

    /// What is read of the last state.
    private enum Reading: Sendable {
        /// The class token, through a map where there is one.
        case classToken(VectorMap?)
        /// What a learned query finds.
        case attention(AttentionPooling)
    }

    private let family: ImageModelConfiguration.Family
    private let network: VisionTransformer
    private let reading: Reading
    private let classifier: VectorMap?
    private let compute: Compute

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError` or `TaskError`.
    public static func load(
        _ folder: Checkpoint, _ family: ImageModelConfiguration.Family, compute: Compute
    ) throws -> ImageModel {
        try ImageModel(folder, family, compute: compute)
    }

    private init(_ folder: Checkpoint, _ family: ImageModelConfiguration.Family, compute: Compute) throws {
        let configuration = try ImageModelConfiguration(folder, family)
        let (vision, pictures) = (configuration.vision, configuration.pictures)
        let all = Weights(folder)
        // A model with a head on it, and CLIP's towers as they were published, have the network under a name.
        let prefix = family == .vit || family == .dinov2 ? family.rawValue : "vision_model"
        let isNested = folder.tensorNames.contains { $0.hasPrefix("\(prefix).embeddings.") }
        let weights = isNested ? all[prefix] : all
        let hasHead = all.has("classifier.weight")
        var ignored = ["position_ids", "mask_token"]
        let width = vision.hiddenSize
        switch family {
        case .vit:
            network = VisionTransformer(weights, vision, .vit)
            let pooler =
                weights.has("pooler.dense.weight") && !hasHead
                ? VectorMap(weights, "pooler.dense", width, configuration.poolerSize, isBounded: true) : nil
            reading = .classToken(pooler)
            dimensions = pooler == nil ? width : configuration.poolerSize
            if hasHead { ignored.append("pooler") }
        case .dinov2:
            network = VisionTransformer(
                weights, vision, .dinov2(isGated: configuration.gatedSize != nil), gatedSize: configuration.gatedSize,
                picture: (pictures.height, pictures.width))
            reading = .classToken(nil)
            dimensions = width
        case .clip:
            network = VisionTransformer(weights, vision, .clip)
            let size = configuration.projectionSize
            let projection =
                all.has("visual_projection.weight")
                ? VectorMap(all, "visual_projection", width, size, bias: false) : nil
            reading = .classToken(projection)
            dimensions = projection == nil ? width : size
        case .siglip:
            network = VisionTransformer(weights, vision, .siglip)
            reading = .attention(AttentionPooling(weights["head"], vision))
            dimensions = width
        }
        let labels = hasHead && (family == .vit || family == .dinov2) ? configuration.labels : nil
        classifier = labels.map {
            VectorMap(all, "classifier", family == .dinov2 ? 2 * width : width, $0.count)
        }
        try all.finish(ignoring: ignored)
        self.family = family
        self.labels = labels
        isMultiLabel = configuration.isMultiLabel
        picturePreparation = try PicturePreparation(pictures)
        self.compute = compute
        identity = ModelIdentity(folder, all, family.rawValue)
    }

    /// The part that is a picture.
    public var picture: PartSpec { PartSpec(part: "image", tower: "image", .image(picturePreparation)) }

    /// The space of its vectors: that of pictures alone.
    public var space: EmbeddingSpace { EmbeddingSpace(dimensions: dimensions, inputs: [picture]) }

    /// The last hidden states of pictures [tokens, d].
    public func encode(_ pictures: [[Float]], pause: () -> Void = {}) -> [TowerTokens] {
        compute.take { network.hiddenStates(pictures, workspace: $0.workspace, pool: compute.pool, pause: pause) }
    }

    /// The vectors of pictures, of any length.
    public func vectors(of states: [TowerTokens]) -> [[Float]] {
        switch reading {
        case .classToken(let map):
            let tokens = states.map { Array($0.values.prefix($0.width)) }
            return map.map { $0(tokens, pool: compute.pool) } ?? tokens
        case .attention(let pooling): return states.map { pooling($0, pool: compute.pool) }
        }
    }

    /// The logits of the labels, for each picture; empty for a model without a head.
    public func logits(of states: [TowerTokens]) -> [[Float]] {
        guard let classifier else { return [] }
        return classifier(states.map(features), pool: compute.pool)
    }

    /// What the head reads: the class token, and in DINOv2 the mean of the patches beside it.
    private func features(_ state: TowerTokens) -> [Float] {
        let width = state.width
        let token = Array(state.values.prefix(width))
        guard family == .dinov2 else { return token }
        return token
            + [Float](unsafeUninitializedCapacity: width) { mean, initialized in
                // `width` is above 0, so that there is a base address; there is a patch at least.
                if let base = mean.baseAddress {
                    meanPool(Array(state.values.dropFirst(width)), rows: state.tokens - 1, width: width, into: base)
                }
                initialized = width
            }
    }

    /// The scores of the labels, 0...1 each: of one label among many they add up to 1.
    public func scores(_ logits: [Float]) -> [Float] { isMultiLabel ? logits.map(sigmoid) : softmax(logits) }
}
