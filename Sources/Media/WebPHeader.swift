/// What the chunks of a WebP say, read without decoding (RFC 9649).
struct WebPHeader: Sendable {
    /// Of the canvas.
    let width, height: Int
    let orientation: Orientation
    /// What the decoder keeps: the file, the pixels of the first frame, and as many again of a lossless one.
    let keptBytes: Int

    static func recognises(_ bytes: ByteReader) -> Bool { bytes.has("RIFF", at: 0) && bytes.has("WEBP", at: 8) }

    init(_ bytes: ByteReader) throws(MediaError) {
        var canvas: (width: Int, height: Int)?
        var orientation: Orientation?
        var frame: Frame?
        var offset = 12
        while let chunk = WebPHeader.chunk(bytes, at: offset) {
            switch chunk.type {
            case "VP8X" where canvas == nil && frame == nil:
                guard let width = bytes.uint24(chunk.start + 4), let height = bytes.uint24(chunk.start + 7) else {
                    throw WebPHeader.truncated
                }
                canvas = (width + 1, height + 1)
            case "ANMF" where frame == nil:
                // Place, size, duration and flags take 16 bytes; then chunks as in a file of one image.
                var inner = chunk.start + 16
                while frame == nil, inner < chunk.start + chunk.length, let part = WebPHeader.chunk(bytes, at: inner) {
                    frame = try Frame(bytes, part)
                    inner = part.next
                }
                guard frame != nil else { throw WebPHeader.truncated }
            case "VP8 ", "VP8L":
                if frame == nil { frame = try Frame(bytes, chunk) }
            case "EXIF" where orientation == nil:
                orientation = bytes.slice(chunk.start, chunk.length).map(Orientation.init(exif:))
            default: break
            }
            offset = chunk.next
        }
        guard let frame else { throw WebPHeader.truncated }
        (width, height) = canvas ?? (frame.width, frame.height)
        self.orientation = orientation ?? .topLeft
        // Three or four channels, one of alpha while it is decoded, a lossless image once more; and what its tables take.
        keptBytes = bytes.count + frame.width * frame.height * (frame.isLossless ? 9 : 5) + (4 << 20)
    }

    private struct Chunk {
        let type: String
        let start, length, next: Int
    }

    /// The chunk at `offset`; nil where not even its head is there. Its content may be cut.
    private static func chunk(_ bytes: ByteReader, at offset: Int) -> Chunk? {
        guard let name = bytes.slice(offset, 4), let length = bytes.uint32(offset + 4) else { return nil }
        return Chunk(
            type: String(decoding: name, as: UTF8.self), start: offset + 8, length: length,
            next: offset + 8 + length + length % 2)
    }

    /// The head of an image's data.
    private struct Frame {
        let width, height: Int
        let isLossless: Bool

        /// Nil for a chunk that holds no image.
        init?(_ bytes: ByteReader, _ chunk: Chunk) throws(MediaError) {
            switch chunk.type {
            case "VP8 ":
                // Three bytes of a frame tag, a start code, and 14 bits for each side (RFC 6386, 9.1).
                guard let width = bytes.uint16(chunk.start + 6), let height = bytes.uint16(chunk.start + 8) else {
                    throw WebPHeader.truncated
                }
                (self.width, self.height) = (width & 0x3FFF, height & 0x3FFF)
                isLossless = false
            case "VP8L":
                // A signature, and 14 bits for each side less one.
                guard let bits = bytes.uint32(chunk.start + 1) else { throw WebPHeader.truncated }
                (width, height) = (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
                isLossless = true
            default: return nil
            }
            guard width > 0, height > 0 else { throw WebPHeader.undecodable("it is \(width)×\(height) pixels") }
        }
    }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .webp, reason: reason) }
    static let truncated = undecodable("it ends too early")
}
