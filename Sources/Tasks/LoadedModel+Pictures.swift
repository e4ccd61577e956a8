import Checkpoint
import Media

/// Pictures on their way to towers. May be called from any thread at once: nothing here waits for the engine.
extension LoadedModel {
    /// The input of the named tower for a picture, or for a part of it: resized and normalised. Empty where the tower is not one
    /// of pictures or faces.
    public func pixels(of image: PixelImage, tower name: String, part: PixelRectangle? = nil) -> [Float] {
        switch configuration.towers[name] {
        case .image?, .imageBranch?:
            let picture = part.map(image.cropped(to:)) ?? image
            return preprocessor?(picture) ?? []
        case .face(let tower)?:
            let prepare = FacePreprocessor(size: tower.imageSize, mean: tower.mean, deviation: tower.deviation)
            return prepare(image, part: part)
        case .text?, .textBranch?, .audio?, .features?, .faceFinder?, .textFinder?, .textReader?, nil: return []
        }
    }

    /// The faces of a picture, the largest first; nil where the checkpoint has no face finder.
    public func faces(in image: PixelImage) -> [FaceBox]? { faceFinder?.find(in: image) }
}
