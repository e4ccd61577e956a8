import CImageCodecs

/// A size in which an upright image is wanted.
public enum ImageRendition: Sendable, Equatable {
    /// Exactly this size, whatever the ratio of the sides was: what an image tower takes.
    case stretched(width: Int, height: Int, Resampling)
    /// Scaled up or down, its ratio kept, until its shorter side has this length; the longer one is rounded down.
    case shortest(side: Int, Resampling)
    /// Scaled up or down, its ratio kept, until its longer side has this length; the shorter one is rounded down, then up to an
    /// even number: Idefics 3.
    case longest(side: Int, Resampling)
    /// Scaled down, with its ratio kept, until neither side is longer than this; never scaled up.
    case within(side: Int, Resampling)
    /// Scaled to 1/2, 1/4 or 1/8, the smallest that leaves at least twice this on either side; as it is where none does.
    case reduced(least: Int)

    /// Every pixel.
    public static let whole = ImageRendition.reduced(least: .max)

    /// The size that an upright image of `width` by `height` pixels is resized to; its own where it is not resized.
    public func size(ofWidth width: Int, height: Int) -> (width: Int, height: Int) {
        switch self {
        case .stretched(let newWidth, let newHeight, _): return (newWidth, newHeight)
        case .shortest(let side, _):
            let (short, long) = (min(width, height), max(width, height))
            // Divided as transformers does it, in doubles.
            let scaled = Int(Double(side * long) / Double(short))
            return width <= height ? (side, scaled) : (scaled, side)
        case .longest(let side, _):
            // Divided as transformers does it, in doubles.
            let ratio = Double(width) / Double(height)
            let scaled = width >= height ? Int(Double(side) / ratio) : Int(Double(side) * ratio)
            let short = max(1, scaled + scaled % 2)
            return width >= height ? (side, short) : (short, side)
        case .reduced(let least):
            let factor = [8, 4, 2].first { min(width, height) / $0 / 2 >= least } ?? 1
            return ((width + factor - 1) / factor, (height + factor - 1) / factor)
        case .within(let side, _):
            let longest = max(width, height)
            guard longest > side else { return (width, height) }
            let scaled = { (length: Int) in max(1, (length * side + longest / 2) / longest) }
            return (scaled(width), scaled(height))
        }
    }

    /// What it is resized with.
    var filter: Resampling {
        switch self {
        case .reduced: .bilinear
        case .stretched(_, _, let filter), .shortest(_, let filter), .longest(_, let filter), .within(_, let filter):
            filter
        }
    }

    fileprivate func plan(_ header: ImageHeader) -> RowResizer.Plan {
        RowResizer.Plan(
            header.width, header.height, header.turn, size(ofWidth: header.orientedWidth, height: header.orientedHeight)
        )
    }

    fileprivate func resizer(_ header: ImageHeader) -> RowResizer { RowResizer(plan(header), filter) }
}

extension ImageDecoder {
    /// Decodes once and gives the image in every size wanted: exactly what the resize of the whole image gives, whatever the
    /// format.
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
        let needed = memoryNeeded(for: header, as: renditions)
        guard needed <= limits.maxMemory else {
            throw .tooLarge(reason: "decoding it takes \(needed >> 20) MiB, more than \(limits.maxMemory >> 20)")
        }
        for rendition in renditions {
            let size = rendition.size(ofWidth: header.orientedWidth, height: header.orientedHeight)
            guard case .shortest = rendition, size.width > limits.maxPixels / size.height else { continue }
            throw .tooLarge(
                reason: "it is so narrow that scaled for the model it has \(size.width)×\(size.height) pixels, "
                    + "more than \(limits.maxPixels)")
        }
        let sink = RowSink(renditions.map { $0.resizer(header) })
        try decode(source, header, limits, into: sink)
        return sink.images()
    }

    /// The most memory that decoding to these sizes takes at any moment beyond the file itself, in bytes: known from the header
    /// alone, so that a caller can wait for that much before it decodes.
    public static func memoryNeeded(for header: ImageHeader, as renditions: [ImageRendition]) -> Int {
        let fixed = 4 << 20  // decoder state, Huffman tables, inflate window, tables of colours
        return renditions.reduce(fixed + workingMemory(for: header)) { $0 + $1.plan(header).memory }
    }
}

/// Hands the rows of an image to everything that is made of them.
final class RowSink {
    private var resizers: [RowResizer]

    init(_ resizers: [RowResizer]) { self.resizers = resizers }

    /// Takes the next `count` rows, which stand at `rows`.
    func take(_ rows: UnsafePointer<UInt8>, _ count: Int) {
        for index in resizers.indices { resizers[index].take(rows, count) }
    }

    /// - Precondition: every row of the image came.
    func images() -> [PixelImage] {
        let complete = resizers
        resizers = []
        return complete.map { $0.image() }
    }

    /// Lets `body` hand over rows through a sink that is good until it returns.
    func withCodecSink<Result>(_ body: (inout codec_sink) -> Result) -> Result {
        // The context is this object, which lives until `body` has returned.
        withExtendedLifetime(self) {
            var sink = codec_sink(
                take: { context, rows, count in
                    guard let context, let rows else { return }
                    Unmanaged<RowSink>.fromOpaque(context).takeUnretainedValue().take(rows, Int(count))
                }, context: Unmanaged.passUnretained(self).toOpaque())
            return body(&sink)
        }
    }
}
