import JSON

/// A vision transformer by itself, that tells pictures apart or turns them into vectors: ViT, DINOv2, or the image tower of CLIP or
/// SigLIP; `config.json` with the defaults of transformers 5.24.
public struct ImageModelConfiguration: Sendable, Equatable {
    /// The families, by their `model_type`.
    public enum Family: String, Sendable, CaseIterable {
        case vit
        case dinov2
        case clip = "clip_vision_model"
        case siglip = "siglip_vision_model"

        var processor: ImageProcessorConfiguration.Processor {
            switch self {
            case .vit: .vit
            case .dinov2: .bit
            case .clip: .clip
            case .siglip: .siglip
            }
        }

        fileprivate var standard: VisionTransformerConfiguration.Standard {
            switch self {
            case .vit: .init(patch: 16, activation: .gelu, epsilon: 1e-12)
            case .dinov2: .init(patch: 14, activation: .gelu, epsilon: 1e-6, ratio: 4)
            case .clip: CLIPConfiguration.visionStandard
            case .siglip: SigLIPConfiguration.visionStandard
            }
        }
    }

    /// Which family it is.
    public let family: Family
    /// The network.
    public let vision: VisionTransformerConfiguration
    /// Whether feed-forward layers are gated (`use_swiglu_ffn`), and then how wide they are within.
    public let gatedSize: Int?
    /// Numbers of what ViT's pooler gives.
    public let poolerSize: Int
    /// Numbers of what CLIP's projection gives.
    public let projectionSize: Int
    /// The names of what pictures are told apart by, each once; "LABEL_0" and "LABEL_1" where the file names none.
    public let labels: [String]
    /// Whether each label is true or not by itself.
    public let isMultiLabel: Bool
    /// How pictures are prepared.
    public let pictures: ImageProcessorConfiguration

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint, _ family: Family) throws(CheckpointError) {
        self.family = family
        var problems = folder.problems
        let pictures = ImageProcessorConfiguration(folder, standard: family.processor, &problems)
        var reader = try PublishedFolder.configuration(folder)
        vision = VisionTransformerConfiguration(&reader, family.standard)
        let isGated = family == .dinov2 && reader.boolean("use_swiglu_ffn", orElse: false)
        gatedSize = isGated ? (vision.intermediateSize * 2 / 3 + 7) / 8 * 8 : nil
        poolerSize = reader.integer("pooler_output_size", in: 1...16_384, orElse: vision.hiddenSize)
        projectionSize = reader.integer("projection_dim", in: 1...16_384, orElse: 512)
        if family == .vit, reader.isPresent("pooler_act") { _ = reader.string("pooler_act", oneOf: ["tanh"]) }
        if family == .siglip, reader.isPresent("vision_use_head"), !reader.boolean("vision_use_head") {
            reader.refuse("vision_use_head", "false", supported: ["true"])
        }
        let kind = reader.isPresent("problem_type") ? reader.string("problem_type") : nil
        if kind == "regression" {
            reader.refuse(
                "problem_type", "regression", supported: ["single_label_classification", "multi_label_classification"])
        }
        labels = reader.numberedLabels()
        isMultiLabel = kind == "multi_label_classification" || labels.count == 1
        problems += reader.problems
        guard let pictures, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.pictures = pictures
        // DINOv2 alone has its positions stretched to pictures of any size.
        guard family == .dinov2 else {
            try PublishedFolder.demand(pictures, fits: vision, folder)
            return
        }
        guard vision.imageHeight == vision.imageWidth, vision.patchHeight == vision.patchWidth,
            min(pictures.height, pictures.width) >= vision.patchHeight
        else {
            throw CheckpointError(
                directory: folder.directory,
                problems: [
                    .unsupported(
                        key: "image_size", found: "\(vision.imageHeight)×\(vision.imageWidth)",
                        supported: ["squares of square patches, and pictures of one patch at least"])
                ])
        }
    }
}
