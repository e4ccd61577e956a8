/// A size in which an image is wanted.
public enum ImageRendition: Sendable, Equatable {
    /// Exactly this size, whatever the ratio of the sides was: what an image tower takes.
    case stretched(width: Int, height: Int, Resampling)
    /// Scaled down, with its ratio kept, until neither side is longer than this; never scaled up.
    case within(side: Int, Resampling)
    /// As it comes from the decoder: a large JPEG at a fraction of its size, with at least twice this on either side.
    case decoded(least: Int)

    /// The size that an upright image of `width` by `height` pixels is resized to; its own where it is not resized.
    public func size(ofWidth width: Int, height: Int) -> (width: Int, height: Int) {
        switch self {
        case .stretched(let newWidth, let newHeight, _): return (newWidth, newHeight)
        case .decoded: return (width, height)
        case .within(let side, _):
            let longest = max(width, height)
            guard longest > side else { return (width, height) }
            let scaled = { (length: Int) in max(1, (length * side + longest / 2) / longest) }
            return (scaled(width), scaled(height))
        }
    }

    /// Whether it is made by a resize.
    var isResized: Bool { if case .decoded = self { false } else { true } }

    /// The resized image.
    func image(of image: PixelImage) -> PixelImage {
        let size = size(ofWidth: image.width, height: image.height)
        switch self {
        case .decoded: return image
        case .stretched(_, _, let filter), .within(_, let filter):
            return image.resized(width: size.width, height: size.height, filter)
        }
    }
}

extension ImageDecoder {
    /// Decodes once and gives the image in every size wanted.
    ///
    /// - Parameter renditions: The first decides at what fraction of its size a JPEG is decoded, so that it is the same
    ///   whatever else is wanted beside it.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits(), as renditions: [ImageRendition]
    ) throws(MediaError) -> [PixelImage] {
        try decode(.memory(bytes), header(of: bytes, limits: limits), limits, renditions)
    }

    /// Decodes a file while it comes, and gives the image in every size wanted: exactly what decoding the file in memory gives.
    ///
    /// Only a damaged JPEG may fare otherwise, whose pixels libjpeg guesses at: it is refused, refused in other words or guessed at
    /// in another way, never decoded where it was refused. libjpeg checks every code only near the end of what it holds.
    ///
    /// - Parameter header: What ``header(of:limits:)-(UnsafeRawBufferPointer,_)`` says of the file. It is held to the limits
    ///   again, and the file to it.
    public static func decode(
        _ stream: ByteStream, header: ImageHeader, limits: ImageLimits = ImageLimits(), as renditions: [ImageRendition]
    ) throws(MediaError) -> [PixelImage] {
        try check(bytes: stream.count, limits)
        try check(header, limits)
        return try decode(.stream(stream), header, limits, renditions)
    }

    private static func decode(
        _ source: ImageSource, _ header: ImageHeader, _ limits: ImageLimits, _ renditions: [ImageRendition]
    ) throws(MediaError) -> [PixelImage] {
        let image = try decode(source, header, limits, least(header, renditions))
        return renditions.map { $0.image(of: image) }
    }

    /// The most memory that decoding to these sizes in another process takes beyond the file itself, in bytes.
    public static func memoryNeeded(for header: ImageHeader, as renditions: [ImageRendition]) -> Int {
        let least = least(header, renditions)
        let scale = scale(of: header, least)
        let (width, height) = ((header.orientedWidth + scale - 1) / scale, (header.orientedHeight + scale - 1) / scale)
        let results = renditions.reduce(width * height * 3 + (1 << 20)) { sum, rendition in
            // What was decoded is copied to whoever asked; another size is made first, in two passes, one side after the other.
            guard rendition.isResized else { return sum + width * height * 3 }
            let size = rendition.size(ofWidth: width, height: height)
            return sum + (2 * size.width * size.height + max(size.width * height, size.height * width)) * 3
        }
        return max(memoryNeeded(for: header, atLeast: least), results)
    }

    private static func least(_ header: ImageHeader, _ renditions: [ImageRendition]) -> (width: Int, height: Int)? {
        if case .decoded(let least)? = renditions.first { return (least, least) }
        return renditions.first?.size(ofWidth: header.orientedWidth, height: header.orientedHeight)
    }
}
