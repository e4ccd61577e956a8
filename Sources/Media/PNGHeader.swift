/// What the chunks of a PNG say, read without inflating anything (ISO/IEC 15948, clauses 5 and 11).
///
/// The walk goes through all of the image data, so that a cut file is refused before memory is spent on it.
struct PNGHeader: Sendable {
    enum Colour: Int, Sendable {
        case grey = 0
        case rgb = 2
        case palette = 3
        case greyAlpha = 4
        case rgbAlpha = 6
    }

    let width, height: Int
    let orientation: Orientation
    let bitDepth: Int
    let colour: Colour
    let isInterlaced: Bool
    /// Whether a tRNS chunk names transparent colours.
    let hasTransparency: Bool

    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The whole signature, or as much of it as there are bytes.
    static func recognises(_ bytes: ByteReader) -> Bool {
        let length = min(bytes.count, signature.count)
        return length >= 2 && bytes.has(Array(signature.prefix(length)), at: 0)
    }

    init(_ bytes: ByteReader) throws(MediaError) {
        var chunks = try PNGChunks(bytes, from: PNGHeader.signature.count)
        let first = try chunks.next()
        guard first.type != "CgBI" else { throw PNGHeader.undecodable("it is in Apple's private variant (CgBI)") }
        guard first.type == "IHDR" else { throw PNGHeader.undecodable("it does not begin with its header") }
        let header = ByteReader(first.content)
        guard first.content.count == 13, let width = header.uint32(0), let height = header.uint32(4),
            let depth = header.byte(8), let colourType = header.byte(9), let compression = header.byte(10),
            let filter = header.byte(11), let interlace = header.byte(12)
        else { throw PNGHeader.undecodable("the header is \(first.content.count) bytes long, not 13") }
        guard width > 0, height > 0 else { throw PNGHeader.undecodable("it is \(width)×\(height) pixels") }
        guard width <= Int(Int32.max), height <= Int(Int32.max) else {
            throw PNGHeader.undecodable("its size is beyond what the format allows")
        }
        guard let colour = Colour(rawValue: colourType), PNGHeader.depths(of: colour).contains(depth) else {
            throw PNGHeader.undecodable("colour type \(colourType) with \(depth) bits does not exist")
        }
        guard compression == 0, filter == 0, interlace <= 1 else {
            throw PNGHeader.undecodable("the compression, filter or interlace method does not exist")
        }
        self.width = width
        self.height = height
        self.bitDepth = depth
        self.colour = colour
        isInterlaced = interlace == 1
        let rest = try PNGHeader.readRest(&chunks, needsPalette: colour == .palette)
        orientation = rest.orientation ?? .topLeft
        hasTransparency = rest.hasTransparency
    }

    private struct Rest {
        var orientation: Orientation?
        var hasPalette = false
        var hasTransparency = false
        var hasImageData = false

        mutating func read(_ exif: PNGChunks.Chunk) {
            orientation = orientation ?? Orientation(tiff: exif.content)
        }
    }

    /// Reads to the end of the file, for the orientation may stand there. What comes behind the image data has no other part in
    /// the image: it may be cut, out of order or missing.
    private static func readRest(_ chunks: inout PNGChunks, needsPalette: Bool) throws(MediaError) -> Rest {
        var rest = Rest()
        while !rest.hasImageData {
            let chunk = try chunks.next()
            switch chunk.type {
            case "IHDR": throw undecodable("it has two headers")
            case "PLTE": rest.hasPalette = true
            case "tRNS": rest.hasTransparency = true
            case "eXIf": rest.read(chunk)
            case "IDAT":
                guard rest.hasPalette || !needsPalette else { throw undecodable("the palette is missing") }
                rest.hasImageData = true
            case "IEND": throw undecodable("it has no image data")
            default: break
            }
        }
        while true {
            guard let chunk = try? chunks.next() else {
                guard chunks.lastType == "IDAT" else { return rest }
                throw PNGChunks.truncated
            }
            if chunk.type == "eXIf" { rest.read(chunk) }
            if chunk.type == "IEND" { return rest }
        }
    }

    private static func depths(of colour: Colour) -> [Int] {
        switch colour {
        case .grey: [1, 2, 4, 8, 16]
        case .palette: [1, 2, 4, 8]
        case .rgb, .greyAlpha, .rgbAlpha: [8, 16]
        }
    }

    /// Bytes per pixel of decoded rows before they become RGB.
    private var channels: Int {
        switch colour {
        case .grey: hasTransparency ? 2 : 1
        case .rgb: hasTransparency ? 4 : 3
        case .palette: 1
        case .greyAlpha: 2
        case .rgbAlpha: 4
        }
    }

    /// Bytes for rows that wait for their last interlacing pass.
    var interlaceBytes: Int {
        guard isInterlaced else { return 0 }
        // Both sides are below 2³¹, but nothing has bounded their product yet.
        let (bytes, overflows) = (width * height).multipliedReportingOverflow(by: channels)
        return overflows ? .max : bytes
    }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .png, reason: reason) }
}

/// The chunks of a PNG in order. Checksums are left to the decoder.
private struct PNGChunks {
    struct Chunk {
        let type: String
        let content: UnsafeRawBufferPointer
    }

    private let bytes: ByteReader
    private var offset: Int
    /// The type of the chunk that was read last, or that could not be read; empty where not even that is there.
    private(set) var lastType = ""

    init(_ bytes: ByteReader, from offset: Int) throws(MediaError) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func next() throws(MediaError) -> Chunk {
        lastType = ""
        guard let length = bytes.uint32(offset), let name = bytes.slice(offset + 4, 4) else {
            throw PNGChunks.truncated
        }
        lastType = String(decoding: name, as: UTF8.self)
        guard length <= Int(Int32.max) else { throw PNGHeader.undecodable("a chunk declares \(length) bytes") }
        guard let content = bytes.slice(offset + 8, length), bytes.uint32(offset + 8 + length) != nil else {
            throw PNGChunks.truncated
        }
        offset += length + 12
        return Chunk(type: lastType, content: content)
    }

    static let truncated = PNGHeader.undecodable("it ends too early")
}
