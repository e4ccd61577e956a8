/// What the first directory of a TIFF says (TIFF 6.0, or BigTIFF), read without decoding.
struct TIFFHeader: Sendable {
    let width, height: Int
    let orientation: Orientation
    /// What the decoder keeps: the file, four bytes of each pixel, and at most all samples as they are stored.
    let keptBytes: Int

    static func recognises(_ bytes: ByteReader) -> Bool {
        bytes.has([0x49, 0x49, 0x2A, 0x00], at: 0) || bytes.has([0x4D, 0x4D, 0x00, 0x2A], at: 0) || isBig(bytes)
    }

    /// Whether it is a BigTIFF: numbers of eight bytes where a TIFF has four, and a count of eight where it has two.
    private static func isBig(_ bytes: ByteReader) -> Bool {
        bytes.has([0x49, 0x49, 0x2B, 0, 8, 0, 0, 0], at: 0) || bytes.has([0x4D, 0x4D, 0, 0x2B, 0, 8, 0, 0], at: 0)
    }

    init(_ file: UnsafeRawBufferPointer) throws(MediaError) {
        let start = ByteReader(file)
        let values = try TIFFHeader.firstValues(
            ByteReader(file, order: start.has("II", at: 0) ? .little : .big), isBig: TIFFHeader.isBig(start))
        guard values[Tag.rawVersion] == nil, (values[Tag.kind] ?? 0) & 1 == 0 else {
            throw TIFFHeader.undecodable("its first image is the preview of another, as in a camera's raw file")
        }
        guard let width = values[Tag.width], let height = values[Tag.height] else {
            throw TIFFHeader.undecodable("it does not say how large it is")
        }
        guard width > 0, height > 0 else { throw TIFFHeader.undecodable("it is \(width)×\(height) pixels") }
        try TIFFHeader.checkSamples(bits: values[Tag.bits] ?? 1, format: values[Tag.format] ?? 1)
        self.width = width
        self.height = height
        orientation = values[Tag.orientation].flatMap(Orientation.init) ?? .topLeft
        let samples = max(values[Tag.samples] ?? 1, 3)  // colours of a palette and of YCbCr come out as three
        // Both sides are below 2³². Beyond 16 bits nothing is decoded.
        let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
        let (kept, overflow) = pixels.multipliedReportingOverflow(by: 4 + min(samples, 64) * 2)
        keptBytes = overflows || overflow ? .max : kept + file.count + (24 << 20)
    }

    /// The first value of each tag that is a whole number without a sign; 0 of others.
    private static func firstValues(_ bytes: ByteReader, isBig: Bool) throws(MediaError) -> [Int: Int] {
        let word = isBig ? 8 : 4
        func number(_ offset: Int) -> Int? { isBig ? bytes.uint64(offset) : bytes.uint32(offset) }
        guard let directory = number(word), directory <= bytes.count,
            let count = isBig ? number(directory) : bytes.uint16(directory)
        else { throw truncated }
        // libtiff takes no more.
        guard count <= 0xFFFF else { throw undecodable("its directory is damaged") }
        var values: [Int: Int] = [:]
        for entry in 0..<count {
            let offset = directory + (isBig ? 8 : 2) + entry * (4 + 2 * word)
            guard let tag = bytes.uint16(offset), let type = bytes.uint16(offset + 2),
                bytes.slice(offset, 4 + 2 * word) != nil
            else { throw truncated }
            let length = number(offset + 4) ?? .max
            // Values that fit into the entry stand there.
            func start(_ size: Int) -> Int {
                if length <= word / size { return offset + 4 + word }
                return min(number(offset + 4 + word) ?? .max, bytes.count)
            }
            switch type {
            case 1: values[tag] = bytes.byte(start(1))
            case 3: values[tag] = bytes.uint16(start(2))
            case 4: values[tag] = bytes.uint32(start(4))
            case 16: values[tag] = bytes.uint64(start(8))
            default: values[tag] = 0
            }
        }
        return values
    }

    private static func checkSamples(bits: Int, format: Int) throws(MediaError) {
        switch format {
        case 3:
            throw undecodable(
                "its samples are \(bits)-bit floating-point numbers, of which no file says which is white")
        case 2, 5, 6: throw undecodable("its samples are numbers with a sign, or complex, and no colours")
        default: break
        }
        guard [1, 2, 4, 8, 16].contains(bits) else {
            throw undecodable("its samples have \(bits) bits, and 1, 2, 4, 8 or 16 are read")
        }
    }

    private enum Tag {
        static let kind = 254, width = 256, height = 257, bits = 258, orientation = 274, samples = 277, format = 339
        static let rawVersion = 50_706
    }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .tiff, reason: reason) }
    static let truncated = undecodable("it ends too early")
}
