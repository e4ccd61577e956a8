/// What a GIF says before the pixels of its first image (GIF89a specification).
struct GIFHeader: Sendable {
    /// Of the screen, or as large as the first image needs.
    let width, height: Int
    /// What the decoder keeps: an index for each pixel of the first image.
    let keptBytes: Int

    static func recognises(_ bytes: ByteReader) -> Bool { bytes.has("GIF8", at: 0) }

    init(_ bytes: ByteReader) throws(MediaError) {
        guard let screenWidth = bytes.uint16(6), let screenHeight = bytes.uint16(8), let flags = bytes.byte(10) else {
            throw GIFHeader.truncated
        }
        var offset = 13 + (flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1))
        while true {
            guard let introducer = bytes.byte(offset) else { throw GIFHeader.truncated }
            switch introducer {
            case 0x2C:
                guard let left = bytes.uint16(offset + 1), let top = bytes.uint16(offset + 3),
                    let width = bytes.uint16(offset + 5), let height = bytes.uint16(offset + 7)
                else { throw GIFHeader.truncated }
                guard width > 0, height > 0 else {
                    throw GIFHeader.undecodable("its first image is \(width)×\(height) pixels")
                }
                self.width = max(screenWidth, left + width)
                self.height = max(screenHeight, top + height)
                keptBytes = width * height
                return
            case 0x21:
                offset += 2
                while true {
                    guard let length = bytes.byte(offset) else { throw GIFHeader.truncated }
                    offset += 1 + length
                    if length == 0 { break }
                }
            case 0x3B: throw GIFHeader.undecodable("it has no image")
            default: throw GIFHeader.undecodable("it has a block of an unknown kind")
            }
        }
    }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .gif, reason: reason) }
    static let truncated = undecodable("it ends too early")
}
