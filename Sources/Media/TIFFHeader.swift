/// What the first directory of a TIFF says (TIFF 6.0), read without decoding.
struct TIFFHeader: Sendable {
    let width, height: Int
    let orientation: Orientation
    /// What the decoder keeps: the file, four bytes of each pixel, and at most all samples as they are stored.
    let keptBytes: Int

    static func recognises(_ bytes: ByteReader) -> Bool {
        bytes.has([0x49, 0x49, 0x2A, 0x00], at: 0) || bytes.has([0x4D, 0x4D, 0x00, 0x2A], at: 0)
    }

    init(_ file: UnsafeRawBufferPointer) throws(MediaError) {
        let start = ByteReader(file)
        let bytes = ByteReader(file, order: start.has("II", at: 0) ? .little : .big)
        guard let directory = bytes.uint32(4), let count = bytes.uint16(directory) else { throw TIFFHeader.truncated }
        var values: [Int: Int] = [:]
        for entry in 0..<count {
            let offset = directory + 2 + entry * 12
            guard let tag = bytes.uint16(offset), let type = bytes.uint16(offset + 2) else {
                throw TIFFHeader.truncated
            }
            // The first value alone is looked at: bytes, numbers of 16 and of 32 bits that stand in the entry itself.
            switch type {
            case 1: values[tag] = bytes.byte(offset + 8)
            case 3: values[tag] = bytes.uint16(offset + 8)
            case 4: values[tag] = bytes.uint32(offset + 8)
            default: values[tag] = 0
            }
        }
        guard values[Tag.rawVersion] == nil, (values[Tag.kind] ?? 0) & 1 == 0 else {
            throw TIFFHeader.undecodable("its first image is the preview of another, as in a camera's raw file")
        }
        guard let width = values[Tag.width], let height = values[Tag.height] else {
            throw TIFFHeader.undecodable("it does not say how large it is")
        }
        guard width > 0, height > 0 else { throw TIFFHeader.undecodable("it is \(width)×\(height) pixels") }
        self.width = width
        self.height = height
        orientation = values[Tag.orientation].flatMap(Orientation.init) ?? .topLeft
        let samples = max(values[Tag.samples] ?? 1, 3)  // colours of a palette and of YCbCr come out as three
        // Both sides are below 2³². Beyond 16 bits nothing is decoded.
        let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
        let (kept, overflow) = pixels.multipliedReportingOverflow(by: 4 + min(samples, 64) * 2)
        keptBytes = overflows || overflow ? .max : kept + file.count + (24 << 20)
    }

    private enum Tag {
        static let kind = 254, width = 256, height = 257, orientation = 274, samples = 277, rawVersion = 50_706
    }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .tiff, reason: reason) }
    static let truncated = undecodable("it ends too early")
}
