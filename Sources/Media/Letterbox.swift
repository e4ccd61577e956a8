/// A picture fitted into a square without changing its shape, between black bars, as a face finder sees it.
public struct Letterbox: Sendable {
    /// `size * size * 3` values in -1...1, -1 in the bars.
    public let values: [Float]
    /// Of the square, in its pixels: where the picture begins and how large it is.
    private let left: Int, top: Int, width: Int, height: Int
    private let size: Int
    private let imageWidth: Int, imageHeight: Int

    /// Fits `image` into a square of `size` pixels.
    /// - Parameter share: the part of the square's side that the picture's longer side takes, 0 to 1.
    /// - Precondition: a positive size, and a share above 0 up to 1.
    public init(_ image: PixelImage, size: Int, share: Float = 1) {
        precondition(size > 0 && share > 0 && share <= 1, "a square has pixels, of which the picture takes some")
        let scale = Float(size) * share / Float(max(image.width, image.height))
        let width = min(max(Int((Float(image.width) * scale).rounded()), 1), size)
        let height = min(max(Int((Float(image.height) * scale).rounded()), 1), size)
        let left = (size - width) / 2
        let top = (size - height) / 2
        (self.left, self.top, self.width, self.height, self.size) = (left, top, width, height, size)
        (imageWidth, imageHeight) = (image.width, image.height)
        let fitted = image.resized(width: width, height: height, .bilinear).pixels
        var values = [Float](repeating: -1, count: size * size * 3)
        for row in 0..<height {
            let start = ((top + row) * size + left) * 3
            for index in 0..<width * 3 { values[start + index] = Float(fitted[row * width * 3 + index]) / 127.5 - 1 }
        }
        self.values = values
    }

    /// A horizontal place in parts of the square, as a place in pixels of the picture; one in the bars lies outside.
    public func column(_ part: Float) -> Float {
        (part * Float(size) - Float(left)) / Float(width) * Float(imageWidth)
    }

    /// The same for a vertical place.
    public func row(_ part: Float) -> Float {
        (part * Float(size) - Float(top)) / Float(height) * Float(imageHeight)
    }
}
