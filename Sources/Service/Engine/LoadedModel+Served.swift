import Media
import Tasks

extension LoadedModel: ServedModel {
    var card: ModelCard {
        ModelCard(
            name: name, architecture: architecture, digest: digest, parameters: parameters, tasks: tasks,
            imageSize: imageSize?.width, imageDimensions: imageDimensions, textDimensions: textDimensions,
            maxTextTokens: textTokenLimit, maxCaptionTokens: captionTokenLimit, heads: heads, space: space,
            audio: audioInput)
    }

    var wholePicture: ImageRendition? { preprocessor?.rendition }

    func pixels(of image: PixelImage, part: PixelRectangle?, for input: HeadInput) -> [Float] {
        // There is one preprocessor for whole pictures, whatever the name of their tower.
        input.kind == .face ? pixels(of: image, tower: input.tower, part: part) : preprocessor?(image) ?? []
    }

    func tokens(of text: String) -> TokenizedText {
        encode(text) ?? TokenizedText(ids: [], truncated: false, totalTokens: 0)
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
