import JSON

/// A CLIP (Radford et al. 2021): `config.json` of `CLIPConfig`, with the defaults of transformers 5.24.
public struct CLIPConfiguration: Sendable, Equatable {
    /// The value of `model_type`.
    public static let modelType = "clip"

    /// The image tower.
    public let vision: VisionTransformerConfiguration
    /// The text tower.
    public let text: TextTransformerConfiguration
    /// Numbers of a vector of the space.
    public let projectionSize: Int
    /// The token at which a text's vector is read, where it comes first. Nil: the highest id of the text, for configurations that
    /// were written before the token had its number.
    public let endToken: Int32?
    /// How pictures are prepared.
    public let pictures: ImageProcessorConfiguration

    static let visionStandard = VisionTransformerConfiguration.Standard(
        patch: 32, activation: .quickGELU, epsilon: 1e-5)
    private static let textStandard = TextTransformerConfiguration.Standard(
        vocabulary: 49_408, width: 512, inner: 2048, heads: 8, positions: 77, activation: .quickGELU, epsilon: 1e-5)

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var problems = folder.problems
        let pictures = ImageProcessorConfiguration(folder, standard: .clip, &problems)
        var reader = try PublishedFolder.configuration(folder)
        // Files of the first years have the parts twice; what is in the second counts, and its defaults.
        vision = reader.part(reader.isPresent("vision_config_dict") ? "vision_config_dict" : "vision_config") {
            VisionTransformerConfiguration(&$0, Self.visionStandard)
        }
        let texts = reader.isPresent("text_config_dict") ? "text_config_dict" : "text_config"
        (text, endToken) = reader.part(texts) { part in
            let end = part.integer("eos_token_id", in: 0...10_000_000, orElse: 49_407)
            return (TextTransformerConfiguration(&part, Self.textStandard), end == 2 ? nil : Int32(end))
        }
        projectionSize = reader.integer("projection_dim", in: 1...16_384, orElse: 512)
        problems += reader.problems
        guard let pictures, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.pictures = pictures
        try PublishedFolder.demand(pictures, fits: vision, folder)
    }
}

/// What families with pictures ask of their folders alike.
enum PublishedFolder {
    /// A reader of `config.json`.
    static func configuration(_ folder: Checkpoint) throws(CheckpointError) -> ConfigurationReader {
        do {
            return ConfigurationReader(file: "config.json", try folder.json("config.json"))
        } catch {
            throw CheckpointError(directory: folder.directory, problems: [error])
        }
    }

    /// Refuses pictures of another size than positions were learned for, as the reference does.
    static func demand(
        _ pictures: ImageProcessorConfiguration, fits vision: VisionTransformerConfiguration, _ folder: Checkpoint
    ) throws(CheckpointError) {
        guard (pictures.height, pictures.width) != (vision.imageHeight, vision.imageWidth) else { return }
        throw CheckpointError(
            directory: folder.directory,
            problems: [
                .contradiction(
                    key: "image_size", value: "\(vision.imageHeight)×\(vision.imageWidth)",
                    otherKey: "the size of preprocessor_config.json",
                    otherValue: "\(pictures.height)×\(pictures.width)")
            ])
    }
}
