import JSON

/// A SigLIP (Zhai et al. 2023), or a SigLIP 2 of fixed resolution: `config.json` of `SiglipConfig`, with the defaults of
/// transformers 5.24.
public struct SigLIPConfiguration: Sendable, Equatable {
    /// The value of `model_type`.
    public static let modelType = "siglip"

    /// The image tower.
    public let vision: VisionTransformerConfiguration
    /// The text tower.
    public let text: TextTransformerConfiguration
    /// How pictures are prepared.
    public let pictures: ImageProcessorConfiguration
    /// How texts are filled up to the limit.
    public let padding: Padding

    /// Whether texts are written in small letters before they are taken apart, whatever the tokenizer's file says.
    public let lowercases: Bool

    /// A text has as many tokens as there are positions.
    public struct Padding: Sendable, Equatable {
        /// The content of the token that fills it up; nil where only its id is known.
        public let token: String?
        /// The id where the tokenizer does not know it by its content.
        public let id: Int
        /// Whether it stands before the text.
        public let isLeft: Bool
        /// Whether the text's tokens see it. They do, unless the tokenizer's `model_input_names` ask for a mask.
        public let isSeen: Bool
        /// The tokens of a text.
        public let length: Int
    }

    static let visionStandard = VisionTransformerConfiguration.Standard(patch: 16, activation: .tanhGELU, epsilon: 1e-6)
    private static let textStandard = TextTransformerConfiguration.Standard(
        vocabulary: 32_000, width: 768, inner: 3072, heads: 12, positions: 64, activation: .tanhGELU, epsilon: 1e-6)

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var problems = folder.problems
        let pictures = ImageProcessorConfiguration(folder, standard: .siglip, &problems)
        var reader = try PublishedFolder.configuration(folder)
        vision = reader.part("vision_config") { part in
            if part.isPresent("vision_use_head"), !part.boolean("vision_use_head") {
                part.refuse("vision_use_head", "false", supported: ["true"])
            }
            return VisionTransformerConfiguration(&part, Self.visionStandard)
        }
        let (text, projection, padID) = reader.part("text_config") { part in
            let text = TextTransformerConfiguration(&part, Self.textStandard)
            return (
                text, part.integer("projection_size", in: 1...16_384, orElse: text.hiddenSize),
                part.integer("pad_token_id", in: 0...10_000_000, orElse: 1)
            )
        }
        self.text = text
        reader.demand(
            projection == vision.hiddenSize, "text_config.projection_size", projection,
            fits: "vision_config.hidden_size", vision.hiddenSize)
        problems += reader.problems
        let (padding, lowercases) = Self.padding(folder, positions: text.maxPositions, id: padID, &problems)
        guard let pictures, problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: problems)
        }
        self.pictures = pictures
        self.padding = padding
        self.lowercases = lowercases
        try PublishedFolder.demand(pictures, fits: vision, folder)
    }

    /// What the classes of tokenizers do where the file does not say: SigLIP's, and Gemma's of SigLIP 2.
    private static func padding(
        _ folder: Checkpoint, positions: Int, id: Int, _ problems: inout [CheckpointProblem]
    ) -> (padding: Padding, lowercases: Bool) {
        let plain = Padding(token: nil, id: id, isLeft: false, isSeen: true, length: positions)
        let name = "tokenizer_config.json"
        guard folder.has(name) else { return (plain, false) }
        do throws(CheckpointProblem) {
            var reader = ConfigurationReader(file: name, try folder.json(name))
            let kind = reader.isPresent("tokenizer_class") ? reader.string("tokenizer_class") : ""
            let isGemma = kind.hasPrefix("Gemma") || kind.hasPrefix("Siglip2")
            let limit = try? reader.cursor?.optionalMember("model_max_length")?.number()
            let side =
                reader.isPresent("padding_side")
                ? reader.string("padding_side", oneOf: ["left", "right"]) : isGemma ? "left" : "right"
            let inputs = reader.isPresent("model_input_names") ? reader.strings("model_input_names") : []
            let padding = Padding(
                token: Self.token("pad_token", &reader) ?? (isGemma ? "<pad>" : nil), id: id, isLeft: side == "left",
                isSeen: !inputs.contains("attention_mask"),
                length: limit.flatMap { $0 >= 1 && $0 < Double(positions) ? Int($0) : nil } ?? positions)
            problems += reader.problems
            return (padding, kind.hasPrefix("Siglip2"))
        } catch {
            problems.append(error)
            return (plain, false)
        }
    }

    /// A token that is written as its content, or as an object that has it.
    private static func token(_ key: String, _ reader: inout ConfigurationReader) -> String? {
        guard reader.isPresent(key) else { return nil }
        return reader.read(key, orElse: nil) { cursor throws(JSONError) in
            if case .object = cursor.value { return try cursor.member("content").string() }
            return try cursor.string()
        }
    }
}
