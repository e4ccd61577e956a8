import Checkpoint
import Glibc
import Media
import Networks
import Tokenizer

extension ContrastiveModel {
    /// Checks and packs the CLIP in a folder. Throws `CheckpointError`, `TokenizerError` or `TaskError`.
    public static func loadCLIP(_ folder: Checkpoint, compute: Compute) throws -> ContrastiveModel {
        let configuration = try CLIPConfiguration(folder)
        let (vision, text, end) = (configuration.vision, configuration.text, configuration.endToken)
        let (weights, size) = (Weights(folder), configuration.projectionSize)
        let towers = Towers(
            vision: VisionTransformer(weights["vision_model"], vision, .clip), pooling: nil,
            visualProjection: VectorMap(weights, "visual_projection", vision.hiddenSize, size, bias: false),
            text: TextTransformer(weights["text_model"], text, isCausal: true),
            textProjection: VectorMap(weights, "text_projection", text.hiddenSize, size, bias: false)
        ) { ids in
            // Tokens behind the one that is read change nothing: none sees what follows it.
            let highest = ids.max() ?? 0
            let read = ids.firstIndex { $0 == end ?? highest } ?? 0
            return TextTransformer.Text(ids: ids, seen: 0..<ids.count, read: read)
        }
        let scale = weights.floats("logit_scale", [])
        try weights.finish(ignoring: ["position_ids"])
        let tokenizer = try Tokenizer(folder: folder.directory)
        try tokenizer.requireIDs(below: text.vocabularySize)
        return try ContrastiveModel(
            ModelIdentity(folder, weights, CLIPConfiguration.modelType), towers,
            Fit(scale: exp(scale.first ?? 0), bias: 0, isExclusive: true), dimensions: size,
            pictures: PicturePreparation(configuration.pictures),
            texts: TextPreparation(tokenizer, maxTokens: text.maxPositions), compute: compute)
    }

    /// Checks and packs the SigLIP in a folder. Throws `CheckpointError`, `TokenizerError` or `TaskError`.
    public static func loadSigLIP(_ folder: Checkpoint, compute: Compute) throws -> ContrastiveModel {
        let configuration = try SigLIPConfiguration(folder)
        let (vision, text, padding) = (configuration.vision, configuration.text, configuration.padding)
        let lowercases = configuration.lowercases
        let tokenizer = try Tokenizer(folder: folder.directory)
        try tokenizer.requireIDs(below: text.vocabularySize)
        let pad = padding.token.flatMap { tokenizer.id(of: $0) } ?? padding.id
        guard pad < text.vocabularySize else {
            throw TaskError.inconsistentModel(
                "the token \(pad) that fills texts up is none of the \(text.vocabularySize) that have embeddings")
        }
        let weights = Weights(folder)
        let towers = Towers(
            vision: VisionTransformer(weights["vision_model"], vision, .siglip),
            pooling: AttentionPooling(weights["vision_model.head"], vision), visualProjection: nil,
            text: TextTransformer(weights["text_model"], text, isCausal: false),
            textProjection: VectorMap(weights["text_model"], "head", text.hiddenSize, vision.hiddenSize)
        ) { ids in
            let filling = [Int32](repeating: Int32(pad), count: max(0, padding.length - ids.count))
            let all = padding.isLeft ? filling + ids : ids + filling
            let first = padding.isLeft ? filling.count : 0
            return TextTransformer.Text(
                ids: all, seen: padding.isSeen ? 0..<all.count : first..<first + ids.count, read: all.count - 1)
        }
        let (scale, bias) = (weights.floats("logit_scale", [1]), weights.floats("logit_bias", [1]))
        try weights.finish(ignoring: ["position_ids"])
        return try ContrastiveModel(
            ModelIdentity(folder, weights, SigLIPConfiguration.modelType), towers,
            Fit(scale: exp(scale.first ?? 0), bias: bias.first ?? 0, isExclusive: false),
            dimensions: vision.hiddenSize, pictures: PicturePreparation(configuration.pictures),
            texts: TextPreparation(maxTokens: padding.length) { text in
                tokenizer.encode(lowercases ? text.lowercased() : text, maxTokens: padding.length)
            }, compute: compute)
    }
}

extension PicturePreparation {
    /// Of a published image processor.
    init(_ configuration: ImageProcessorConfiguration) throws(TaskError) {
        guard let filter = Resampling(rawValue: configuration.filter) else {
            throw .inconsistentModel("preprocessor_config.json asks for the unknown filter \(configuration.filter)")
        }
        let rendition: ImageRendition =
            switch configuration.resize {
            case .none: .whole
            case .stretched(let width, let height): .stretched(width: width, height: height, filter)
            case .shortest(let side): .shortest(side: side, filter)
            }
        let preprocessor = ImagePreprocessor(
            rendition, width: configuration.width, height: configuration.height, scale: configuration.scale,
            mean: configuration.mean, deviation: configuration.deviation)
        self.init(preprocessor)
    }
}
