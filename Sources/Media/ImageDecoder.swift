import CImageCodecs

/// Bytes of a file become upright RGB pixels.
///
/// - The format is decided by the first bytes. EXIF orientation is applied. Colour profiles are ignored.
/// - JPEG: 8 bits; grey, YCbCr, RGB, CMYK and YCCK (inverted when Adobe's marker is there); the pixels are those of
///   libjpeg-turbo's accurate integer DCT with smooth chroma. A file that is cut, or whose data the decoder could only
///   guess at, is refused rather than painted grey; bytes behind the end of the image are ignored.
/// - PNG: every colour type and depth; 16-bit samples keep their high byte; transparent parts are laid over white; of an
///   animation the still image. Checksums of image data must be right.
public enum ImageDecoder {
    /// Reads size and orientation, and refuses what is beyond the limits, without decoding or allocating.
    public static func header(of bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(MediaError) -> ImageHeader
    {
        try bytes.withUnsafeBufferPointer { (buffer) throws(MediaError) in
            try header(of: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// Reads size and orientation, and refuses what is beyond the limits, without decoding or allocating.
    public static func header(
        of bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits()
    ) throws(MediaError) -> ImageHeader {
        try check(bytes: bytes.count, limits)
        let reader = ByteReader(bytes)
        let header =
            switch try FileSignature.format(of: reader) {
            case .jpeg: ImageHeader(try JPEGHeader(reader))
            case .png: ImageHeader(try PNGHeader(reader))
            }
        try check(header, limits)
        return header
    }

    /// Decodes to upright RGB.
    ///
    /// - Parameter atLeast: The size the image will be resized to. A JPEG at least four times as large is decoded at 1/2,
    ///   1/4 or 1/8 of its size inside the DCT, never below twice `atLeast` on either side: several times faster, with no
    ///   visible change after the resize. The header still tells the full size. Without it, every pixel is decoded.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), atLeast: (width: Int, height: Int)? = nil
    ) throws(MediaError) -> PixelImage {
        try bytes.withUnsafeBufferPointer { (buffer) throws(MediaError) in
            try decode(UnsafeRawBufferPointer(buffer), limits: limits, atLeast: atLeast)
        }
    }

    /// Decodes to upright RGB: see ``decode(_:limits:atLeast:)-([UInt8],_,_)``.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, limits: ImageLimits = ImageLimits(),
        atLeast: (width: Int, height: Int)? = nil
    ) throws(MediaError) -> PixelImage {
        try decode(.memory(bytes), header(of: bytes, limits: limits), limits, atLeast)
    }

    /// Decodes what has this header, to upright RGB. A file that says another size than it is refused.
    static func decode(
        _ source: ImageSource, _ header: ImageHeader, _ limits: ImageLimits, _ atLeast: (width: Int, height: Int)?
    ) throws(MediaError) -> PixelImage {
        let needed = memoryNeeded(for: header, atLeast: atLeast)
        guard needed <= limits.maxMemory else {
            throw .tooLarge(reason: "decoding it takes \(needed >> 20) MiB, more than \(limits.maxMemory >> 20)")
        }
        let stored =
            switch header.format {
            case .jpeg: try decodeJPEG(source, header, scale(of: header, atLeast), limits)
            case .png: try decodePNG(source, header)
            }
        return stored.upright(header.turn)
    }

    /// The most memory that decoding takes at any moment beyond the file itself, in bytes: known from the header alone, so
    /// that a caller can wait for that much before it decodes.
    public static func memoryNeeded(for header: ImageHeader, atLeast: (width: Int, height: Int)? = nil) -> Int {
        let result: Int
        let working: Int
        switch header.format {
        case .jpeg:
            let scale = scale(of: header, atLeast)
            result = scaled(header.width, scale) * scaled(header.height, scale) * 3
            // Rows around the one being upsampled: at most 4 components, 32 rows and their neighbours, 3 stages.
            working = header.keptBytes + header.width * 4 * 32 * 3
        case .png:
            result = header.width * header.height * 3
            working = header.keptBytes + header.width * 8 * 4
        }
        let turning = header.turn == .topLeft ? 0 : result
        let fixed = 1 << 20  // decoder state, Huffman tables, inflate window
        return result + max(working, turning) + fixed
    }

    static func check(bytes count: Int, _ limits: ImageLimits) throws(MediaError) {
        guard count <= limits.maxBytes else {
            throw .tooLarge(reason: "the file has \(count) bytes, more than \(limits.maxBytes)")
        }
    }

    static func check(_ header: ImageHeader, _ limits: ImageLimits) throws(MediaError) {
        let (width, height) = (header.width, header.height)
        guard width <= limits.maxSide, height <= limits.maxSide else {
            throw .tooLarge(reason: "it is \(width)×\(height) pixels, and a side may have \(limits.maxSide)")
        }
        // Both are at most 2³¹: the product fits.
        guard width * height <= limits.maxPixels else {
            throw .tooLarge(
                reason: "it is \(width)×\(height) = \(width * height) pixels, more than \(limits.maxPixels)")
        }
    }

    private static func scaled(_ side: Int, _ denominator: Int) -> Int { (side + denominator - 1) / denominator }

    /// By what a JPEG is divided while it is decoded.
    static func scale(of header: ImageHeader, _ atLeast: (width: Int, height: Int)?) -> Int {
        guard let atLeast, header.format == .jpeg else { return 1 }
        let fits = [8, 4, 2].first {
            header.orientedWidth / $0 >= 2 * atLeast.width && header.orientedHeight / $0 >= 2 * atLeast.height
        }
        return fits ?? 1
    }

    private static func decodeJPEG(
        _ source: ImageSource, _ header: ImageHeader, _ scale: Int, _ limits: ImageLimits
    ) throws(MediaError) -> PixelImage {
        let width = scaled(header.width, scale)
        let height = scaled(header.height, scale)
        // Sizes in a JPEG have 16 bits, so all of these fit.
        var request = codec_jpeg_request(
            width: Int32(header.width), height: Int32(header.height), scale_denominator: Int32(scale),
            output_width: Int32(width), output_height: Int32(height),
            maximum_scans: Int32(clamping: limits.maxScans), maximum_memory: Int64(limits.maxMemory))
        return try rgb(width, height, format: .jpeg) { target, message in
            source.withCodecSource { codec_jpeg_decode(&$0, &request, target, message) }
        }
    }

    private static func decodePNG(_ source: ImageSource, _ header: ImageHeader) throws(MediaError) -> PixelImage {
        // The chunk reader refuses sizes beyond 31 bits through `maxSide` long before.
        var request = codec_png_request(width: Int32(header.width), height: Int32(header.height))
        return try rgb(header.width, header.height, format: .png) { target, message in
            source.withCodecSource { codec_png_decode(&$0, &request, target, message) }
        }
    }

    /// Lets `decode` fill the pixels of an image. They are used only if it returned `codec_ok`, which it does only after
    /// every row was written.
    private static func rgb(
        _ width: Int, _ height: Int, format: ImageFormat,
        _ decode: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<codec_message>) -> Int32
    ) throws(MediaError) -> PixelImage {
        var message = codec_message()
        var code = Int32(codec_corrupt)
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, initialized in
            code = decode(target.baseAddress, &message)
            initialized = Int(code) == codec_ok ? width * height * 3 : 0
        }
        guard Int(code) == codec_ok else { throw refusal(code, message, format) }
        return PixelImage(width: width, height: height, pixels: pixels)
    }

    private static func refusal(_ code: Int32, _ message: codec_message, _ format: ImageFormat) -> MediaError {
        let reason = withUnsafeBytes(of: message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if Int(code) == codec_out_of_memory { return .tooLarge(reason: "decoding it takes too much memory") }
        return .undecodable(format: format, reason: reason)
    }
}
