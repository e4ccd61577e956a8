import Media
import Tasks

extension LoadedModel: ServedModel {
    var card: ModelCard {
        ModelCard(
            name: name, architecture: architecture, digest: digest, formerDigest: formerDigest,
            parameters: parameters, precision: precision, tasks: tasks, imageDimensions: imageDimensions,
            textDimensions: textDimensions,
            maxCaptionTokens: captionTokenLimit,
            heads: heads, space: space, captionInput: captionInput, towerInputs: towerInputs)
    }

    func encode(images: [[Float]]) -> [ImageEncoding] { encodeImages(images) }

    func embedding(of encoding: ImageEncoding) -> [Float] { imageEmbedding(encoding) }

    func embed(texts: [TokenizedText], pause: () -> Void) -> [[Float]] {
        texts.isEmpty ? [] : embedTexts(texts, pause: pause)
    }

    func start(_ items: [(ImageEncoding, CaptionOptions)]) throws -> [CaptionGeneration] { try startCaptions(items) }

    func progress(of generation: CaptionGeneration) -> CaptionProgress {
        CaptionProgress(
            newText: generation.newText, candidates: generation.isFinished ? generation.candidates : nil,
            seen: generation.isFinished ? thingsSeen(by: generation) : [])
    }
}
