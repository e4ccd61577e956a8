import CImageCodecs

/// Bytes of a file become upright RGB pixels.
///
/// - The format is decided by the first bytes. EXIF orientation is applied, or HEIF's own turns, mirrors and crops. Colours become those
///   of sRGB where a profile of them, of grey or of inks says that they are others.
/// - What is missing is refused rather than painted grey; what no pixel needs, such as an end marker, may be missing, and what is
///   behind the last row is ignored. Transparent parts are laid over white.
/// - JPEG: 8 bits; grey, YCbCr, RGB, CMYK and YCCK (inverted when Adobe's marker is there); the pixels are those of
///   libjpeg-turbo's accurate integer DCT with smooth chroma.
/// - PNG: every colour type and depth; 16-bit samples keep their high byte; of an animation the still image. Checksums of image
///   data must be right.
/// - WebP and GIF: the first frame, in its place on a white canvas. BMP: 1 to 32 bits, run-length coding included.
/// - HEIC and AVIF: the primary image, of up to 12 bits; PQ and HLG as a screen without them shows it. TIFF and BigTIFF: the first
///   image, of up to 16 bits, CMYK included.
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
            case .webp: ImageHeader(try WebPHeader(ByteReader(bytes, order: .little)))
            case .gif: ImageHeader(try GIFHeader(ByteReader(bytes, order: .little)))
            case .heic: ImageHeader(try HEIFHeader(reader, .heic))
            case .avif: ImageHeader(try HEIFHeader(reader, .avif))
            case .tiff: ImageHeader(try TIFFHeader(bytes))
            case .bmp: ImageHeader(try BMPHeader(ByteReader(bytes, order: .little)))
            }
        try check(header, limits)
        return header
    }

    /// Decodes to upright RGB, every pixel.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits()
    ) throws(MediaError) -> PixelImage {
        try decode(bytes, limits: limits, as: .whole)
    }

    /// Decodes to upright RGB in a size.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), as rendition: ImageRendition
    ) throws(MediaError) -> PixelImage {
        let images = try bytes.withUnsafeBufferPointer { (buffer) throws(MediaError) in
            try decode(UnsafeRawBufferPointer(buffer), limits: limits, as: [rendition])
        }
        return images[0]  // as many as sizes
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

    /// What the decoder of a format takes beside what becomes of its rows.
    static func workingMemory(for header: ImageHeader) -> Int {
        let strip = header.width * 3 * codec_strip_rows
        return switch header.format {
        // Rows around the one being upsampled: at most 4 components, 32 rows and their neighbours, 3 stages.
        case .jpeg: header.keptBytes + header.width * 4 * 32 * 3 + strip
        case .png: header.keptBytes + header.width * 8 * 4 + strip
        case .webp, .gif, .bmp, .heic, .avif, .tiff: header.keptBytes + strip
        }
    }

    /// Decodes what has this header. A file that says another size than it is refused.
    static func decode(
        _ source: ImageSource, _ header: ImageHeader, _ limits: ImageLimits, into sink: RowSink
    ) throws(MediaError) {
        if header.format == .bmp { return try decodeBMP(source, header, into: sink) }
        var message = codec_message()
        let code = source.withCodecSource { source in
            sink.withCodecSink { sink in
                // Sides are within `maxSide`, far below 2³¹.
                let (width, height) = (Int32(header.width), Int32(header.height))
                switch header.format {
                case .jpeg:
                    var request = codec_jpeg_request(
                        width: width, height: height, maximum_scans: Int32(clamping: limits.maxScans),
                        maximum_memory: Int64(limits.maxMemory))
                    return codec_jpeg_decode(&source, &request, &sink, &message)
                case .png:
                    var request = codec_png_request(width: width, height: height)
                    return codec_png_decode(&source, &request, &sink, &message)
                case .webp:
                    var request = codec_webp_request(width: width, height: height)
                    return codec_webp_decode(&source, &request, &sink, &message)
                case .gif:
                    var request = codec_gif_request(width: width, height: height)
                    return codec_gif_decode(&source, &request, &sink, &message)
                case .heic, .avif:
                    var request = codec_heif_request(width: width, height: height)
                    return codec_heif_decode(&source, &request, &sink, &message)
                case .tiff:
                    var request = codec_tiff_request(
                        width: width, height: height, maximum_memory: Int64(limits.maxMemory))
                    return codec_tiff_decode(&source, &request, &sink, &message)
                case .bmp: return Int32(codec_corrupt)
                }
            }
        }
        guard Int(code) == codec_ok else { throw refusal(code, message, header.format) }
    }

    private static func decodeBMP(_ source: ImageSource, _ header: ImageHeader, into sink: RowSink) throws(MediaError) {
        func decode(_ bytes: UnsafeRawBufferPointer) throws(MediaError) {
            let decoder = try BMPDecoder(bytes)
            guard decoder.header.width == header.width, decoder.header.height == header.height else {
                throw BMPHeader.undecodable("two different sizes are declared")
            }
            try decoder.decode(into: sink)
        }
        switch source {
        case .memory(let bytes): try decode(bytes)
        case .stream(let stream):
            try stream.readAll().withUnsafeBufferPointer { (bytes) throws(MediaError) in
                try decode(UnsafeRawBufferPointer(bytes))
            }
        }
    }

    private static func refusal(_ code: Int32, _ message: codec_message, _ format: ImageFormat) -> MediaError {
        let reason = withUnsafeBytes(of: message.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if Int(code) == codec_out_of_memory { return .tooLarge(reason: "decoding it takes too much memory") }
        return .undecodable(format: format, reason: reason)
    }
}
