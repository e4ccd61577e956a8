/// What is known of an image before it is decoded.
public struct ImageHeader: Sendable, Equatable {
    /// Which decoder reads it: decided by the first bytes alone, never by a name or a declared type.
    public let format: ImageFormat
    /// Pixels of a row as stored, before EXIF turns the image.
    public let width: Int
    /// Rows as stored, before EXIF turns the image.
    public let height: Int
    /// Bytes that a decoder keeps of the whole image beside what becomes of it: the coefficients of a JPEG of several scans, the
    /// rows of an interlaced PNG, the file and the pixels of what is decoded in one go.
    public let keptBytes: Int
    let turn: Orientation

    /// The EXIF orientation, 1...8; 1 where there is none or it makes no sense.
    public var orientation: Int { turn.rawValue }

    /// Width of the upright image.
    public var orientedWidth: Int { turn.swapsSides ? height : width }
    /// Height of the upright image.
    public var orientedHeight: Int { turn.swapsSides ? width : height }

    init(_ header: JPEGHeader) {
        format = .jpeg
        width = header.width
        height = header.height
        keptBytes = header.coefficientBytes + 4 * header.profileBytes
        turn = header.orientation
    }

    init(_ header: PNGHeader) {
        format = .png
        width = header.width
        height = header.height
        keptBytes = header.interlaceBytes
        turn = header.orientation
    }

    init(_ header: WebPHeader) {
        format = .webp
        width = header.width
        height = header.height
        keptBytes = header.keptBytes
        turn = header.orientation
    }

    init(_ header: GIFHeader) {
        format = .gif
        width = header.width
        height = header.height
        keptBytes = header.keptBytes
        turn = .topLeft
    }

    init(_ header: BMPHeader) {
        format = .bmp
        width = header.width
        height = header.height
        keptBytes = header.keptBytes
        turn = .topLeft
    }

    init(_ header: HEIFHeader) {
        format = header.format
        width = header.width
        height = header.height
        keptBytes = header.keptBytes
        turn = .topLeft  // libheif has turned it
    }

    init(_ header: TIFFHeader) {
        format = .tiff
        width = header.width
        height = header.height
        keptBytes = header.keptBytes
        turn = header.orientation
    }

    /// What another process read out of a file; nil where no file says that.
    public init?(format: ImageFormat, width: Int, height: Int, keptBytes: Int, orientation: Int) {
        let sides = 1...Int(Int32.max)
        guard sides.contains(width), sides.contains(height), keptBytes >= 0,
            let turn = Orientation(rawValue: orientation)
        else { return nil }
        self.format = format
        self.width = width
        self.height = height
        self.keptBytes = keptBytes
        self.turn = turn
    }
}
