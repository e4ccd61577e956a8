/// Pixels become the input of an image tower: resized, the middle cut out or black put around it, then (value · scale - mean) /
/// deviation per channel.
///
/// The result is `[height, width, 3]`, row-major. Values are those of Hugging Face's processors with Pillow: the 8-bit value is
/// scaled in f64, the rest is f32 arithmetic. With a scale of 1 mean and deviation are in units of 0...255.
public struct ImagePreprocessor: Sendable {
    /// The size that an image is resized to, and that a decoder may resize it to itself: it then comes here as it is.
    public let rendition: ImageRendition
    /// Width of the network's input in pixels.
    public let width: Int
    /// Height of the network's input in pixels.
    public let height: Int
    /// The 256 possible results of each channel.
    private let table: [Float]

    /// Resizes straight to that size.
    /// - Precondition: sizes are positive; `mean` and `deviation` have three values each, no deviation is 0.
    public init(width: Int, height: Int, resampling: Resampling, scale: Double = 1, mean: [Float], deviation: [Float]) {
        self.init(
            .stretched(width: width, height: height, resampling), width: width, height: height, scale: scale,
            mean: mean, deviation: deviation)
    }

    /// Resizes to `rendition`, and takes the middle `width` × `height` pixels of that.
    /// - Precondition: as above.
    public init(
        _ rendition: ImageRendition, width: Int, height: Int, scale: Double, mean: [Float], deviation: [Float]
    ) {
        precondition(width > 0 && height > 0, "the input of a network has a size")
        precondition(mean.count == 3 && deviation.count == 3 && !deviation.contains(0), "three channels are normalised")
        self.rendition = rendition
        self.width = width
        self.height = height
        table = (0..<3).flatMap { channel in
            (0..<256).map { (Float(Double($0) * scale) - mean[channel]) / deviation[channel] }
        }
    }

    /// The network's input for `image`: `height * width * 3` values.
    public func callAsFunction(_ image: PixelImage) -> [Float] {
        let resized = image.resized(to: rendition).centred(width: width, height: height)
        let count = resized.pixels.count
        return [Float](unsafeUninitializedCapacity: count) { values, initialized in
            // `count` is a multiple of 3 by PixelImage's invariant; the table has an entry for each channel and byte.
            resized.pixels.withUnsafeBufferPointer { pixels in
                table.withUnsafeBufferPointer { table in
                    for index in stride(from: 0, to: count, by: 3) {
                        values[index] = table[Int(pixels[index])]
                        values[index + 1] = table[256 + Int(pixels[index + 1])]
                        values[index + 2] = table[512 + Int(pixels[index + 2])]
                    }
                }
            }
            initialized = count
        }
    }
}
