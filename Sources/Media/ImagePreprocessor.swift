/// Pixels become the input of an image tower: resized straight to its size, then (value · scale - mean) / deviation per channel.
///
/// The result is `[height, width, 3]`, row-major. Values are those of Hugging Face's processors: the 8-bit value is scaled in
/// f64, the rest is f32 arithmetic. With a scale of 1 mean and deviation are in units of 0...255.
public struct ImagePreprocessor: Sendable {
    /// Width of the network's input in pixels.
    public let width: Int
    /// Height of the network's input in pixels.
    public let height: Int
    /// The filter of the resize.
    public let resampling: Resampling
    /// What a value is multiplied by first.
    public let scale: Double
    /// Mean per channel.
    public let mean: [Float]
    /// Divisor per channel.
    public let deviation: [Float]
    /// The 256 possible results of each channel.
    private let table: [Float]

    /// - Precondition: sizes are positive; `mean` and `deviation` have three values each, no deviation is 0.
    public init(width: Int, height: Int, resampling: Resampling, scale: Double = 1, mean: [Float], deviation: [Float]) {
        precondition(width > 0 && height > 0, "the input of a network has a size")
        precondition(mean.count == 3 && deviation.count == 3 && !deviation.contains(0), "three channels are normalised")
        self.width = width
        self.height = height
        self.resampling = resampling
        self.scale = scale
        self.mean = mean
        self.deviation = deviation
        table = (0..<3).flatMap { channel in
            (0..<256).map { (Float(Double($0) * scale) - mean[channel]) / deviation[channel] }
        }
    }

    /// The size that the decoder may resize an image to itself, which then comes here as it is.
    public var rendition: ImageRendition { .stretched(width: width, height: height, resampling) }

    /// The network's input for `image`: `height * width * 3` values.
    public func callAsFunction(_ image: PixelImage) -> [Float] {
        let resized = image.resized(width: width, height: height, resampling)
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
