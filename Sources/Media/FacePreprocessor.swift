/// A face becomes the input of a face tower: the square of the picture resized, then grey, then (value - mean) / deviation.
public struct FacePreprocessor: Sendable {
    /// Width and height of the network's input in pixels.
    public let size: Int
    /// Subtracted from the grey value, 0...255.
    public let mean: Float
    /// What is divided by then.
    public let deviation: Float

    /// - Precondition: the size is positive and the deviation not 0.
    public init(size: Int, mean: Float, deviation: Float) {
        precondition(size > 0 && deviation != 0, "the input of a network has a size and a scale")
        self.size = size
        self.mean = mean
        self.deviation = deviation
    }

    /// The network's input, `size * size` values, for a part of `image`, or for all of it. The filter is Pillow's antialiased
    /// bilinear one.
    public func callAsFunction(_ image: PixelImage, part: PixelRectangle? = nil) -> [Float] {
        let face = part.map(image.cropped(to:)) ?? image
        return face.resized(width: size, height: size, .bilinear).grey.map { (Float($0) - mean) / deviation }
    }
}

extension PixelImage {
    /// The luma of each pixel by ITU-R 601, in the fixed-point arithmetic of Pillow's `convert("L")`.
    var grey: [UInt8] {
        stride(from: 0, to: pixels.count, by: 3).map { index in
            let sum = 19_595 * Int(pixels[index]) + 38_470 * Int(pixels[index + 1]) + 7_471 * Int(pixels[index + 2])
            // The weights sum to 2^16: at most 255.
            return UInt8((sum + 0x8000) >> 16)
        }
    }
}
