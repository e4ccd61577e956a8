/// What the head of a BMP says (BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER and its successors).
struct BMPHeader: Sendable {
    /// How pixels are stored.
    enum Coding: Sendable { case plain, runLength, masks }

    let width, height: Int
    /// Whether the first stored row is the topmost.
    let isTopDown: Bool
    /// 1, 4, 8, 16, 24 or 32.
    let bitsPerPixel: Int
    let coding: Coding
    /// Of red, green, blue and alpha in a pixel of 16 or 32 bits; 0 for alpha where there is none.
    let masks: [UInt32]
    /// Where the colours of a palette begin, how many there are, and bytes of each.
    let palette: (start: Int, count: Int, entry: Int)
    /// Where the pixels begin.
    let pixels: Int
    /// What the decoder keeps: the file, and of run-length coding an index for each pixel.
    let keptBytes: Int

    static func recognises(_ bytes: ByteReader) -> Bool { bytes.has("BM", at: 0) }

    /// Whether the length of the header is that of one: texts begin with those two letters too. `bytes` are read from the lower.
    static func hasKnownLength(_ bytes: ByteReader) -> Bool { bytes.uint32(14).map(isKnown) ?? false }

    private static func isKnown(length: Int) -> Bool { length == 12 || (40...1_024).contains(length) }

    init(_ bytes: ByteReader) throws(MediaError) {
        guard let pixels = bytes.uint32(10), let length = bytes.uint32(14) else { throw BMPHeader.truncated }
        let isCore = length == 12
        guard BMPHeader.isKnown(length: length) else {
            throw BMPHeader.undecodable("its header of \(length) bytes is of no kind known here")
        }
        guard let wide = isCore ? bytes.uint16(18) : bytes.uint32(18),
            let high = isCore ? bytes.uint16(20) : bytes.uint32(22), let bits = bytes.uint16(isCore ? 24 : 28),
            let compression = isCore ? 0 : bytes.uint32(30), let used = isCore ? 0 : bytes.uint32(46)
        else { throw BMPHeader.truncated }
        // Both sides have a sign; that of the height says which row comes first.
        let signed = isCore ? high : Int(Int32(truncatingIfNeeded: high))
        (width, height) = (isCore ? wide : Int(Int32(truncatingIfNeeded: wide)), abs(signed))
        isTopDown = signed < 0
        guard width > 0, height > 0 else { throw BMPHeader.undecodable("it is \(width)×\(height) pixels") }
        guard [1, 4, 8, 16, 24, 32].contains(bits) else {
            throw BMPHeader.undecodable("\(bits) bits per pixel are not supported")
        }
        bitsPerPixel = bits
        self.pixels = pixels
        switch (compression, bits) {
        case (0, _): coding = .plain
        case (1, 8), (2, 4): coding = .runLength
        case (3, 16), (3, 32), (6, 16), (6, 32): coding = .masks
        default: throw BMPHeader.undecodable("compression \(compression) with \(bits) bits is not supported")
        }
        // Both sides are below 2³¹: the product fits.
        keptBytes = bytes.count + (coding == .runLength ? width * height : 0)
        var masks: [UInt32] = bits == 16 ? [0x7C00, 0x03E0, 0x001F, 0] : [0xFF_0000, 0x00_FF00, 0x00_00FF, 0]
        // Behind the first 40 bytes, whether they are of the header or follow it.
        var behindHeader = 14 + length
        if coding == .masks {
            for index in 0..<3 {
                guard let mask = bytes.uint32(54 + index * 4) else { throw BMPHeader.truncated }
                masks[index] = UInt32(mask)
            }
            if length >= 56 || compression == 6 {
                guard let mask = bytes.uint32(66) else { throw BMPHeader.truncated }
                masks[3] = UInt32(mask)
            }
            if length == 40 { behindHeader += compression == 6 ? 16 : 12 }
        }
        self.masks = masks
        let entry = isCore ? 3 : 4
        let most = bits <= 8 ? 1 << bits : 0
        // As many as there is room for, whatever the header says of them.
        let room = max(0, pixels - behindHeader) / entry
        palette = (behindHeader, min(used == 0 ? most : min(used, most), room == 0 ? most : room), entry)
        guard bits > 8 || palette.count > 0 else { throw BMPHeader.undecodable("the palette is missing") }
    }

    /// Bytes of a stored row, which is filled up to whole words.
    var rowBytes: Int { (width * bitsPerPixel + 31) / 32 * 4 }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .bmp, reason: reason) }
    static let truncated = undecodable("it ends too early")
}
