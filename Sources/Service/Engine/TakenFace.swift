import Media
import Tasks

/// Which faces of a photo are looked at: the option `face`.
enum FaceChoice: String, Sendable {
    /// The largest.
    case auto
    /// None is looked for: the photo is taken for a face as it is.
    case whole
    /// Every one.
    case all
}

/// A face of a request, as the face tower takes it.
struct TakenFace: Sendable {
    /// Where it is, in pixels of the upright photo.
    let box: PixelRectangle
    /// How sure the finder is, 0 to 1.
    let score: Float
    /// The tower's input.
    let input: ModelInput

    /// More faces of one photo than this are not looked at: the largest come first.
    static let most = 16
}

extension FaceBox {
    /// The box in whole pixels of a photo that is larger than the image in which the face was found; never beyond its sides.
    func box(from image: PixelImage, width photoWidth: Int, height photoHeight: Int) -> PixelRectangle {
        let across = Float(photoWidth) / Float(image.width)
        let down = Float(photoHeight) / Float(image.height)
        let left = min(Int((x * across).rounded()), photoWidth - 1)
        let top = min(Int((y * down).rounded()), photoHeight - 1)
        return PixelRectangle(
            x: left, y: top, width: max(1, min(Int(((x + width) * across).rounded()), photoWidth) - left),
            height: max(1, min(Int(((y + height) * down).rounded()), photoHeight) - top))
    }
}

extension ModelInput {
    /// Bytes of an image's pixels; 0 for what is small, or counted elsewhere.
    var bytes: Int {
        switch self {
        case .pixels(let pixels): pixels.count * MemoryLayout<Float>.stride
        case .tiles(let picture): picture.tiles.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
        default: 0
        }
    }
}
