/// How the stored pixels must be turned to stand upright: the values of the EXIF tag Orientation (0x0112).
///
/// The names say where the first stored row and the first stored column lie in the upright image.
enum Orientation: Int, Sendable {
    case topLeft = 1
    case topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

    /// Whether width and height change places.
    var swapsSides: Bool { rawValue >= Orientation.leftTop.rawValue }

    /// Whether the first stored column lies on the right of the upright image, or at its bottom.
    var reversesColumns: Bool { [.topRight, .bottomRight, .rightBottom, .leftBottom].contains(self) }

    /// Whether the first stored row lies at the bottom of the upright image, or on its right.
    var reversesRows: Bool { [.bottomRight, .bottomLeft, .rightTop, .rightBottom].contains(self) }
}

extension Orientation {
    private static let tag = 0x0112
    private static let short = 3
    private static let long = 4

    /// Reads the orientation out of a TIFF structure, the content of EXIF (Exif 3.0, 4.5–4.6).
    ///
    /// Whatever is damaged, of another type or outside 1...8 means: as stored.
    init(tiff bytes: UnsafeRawBufferPointer) {
        self = Orientation.read(tiff: bytes) ?? .topLeft
    }

    /// Reads the orientation out of EXIF as WebP has it, and HEIF: a TIFF structure, behind the word that JPEG puts before it or not.
    init(exif bytes: UnsafeRawBufferPointer) {
        let hasWord = ByteReader(bytes).has("Exif\0\0", at: 0)
        self.init(tiff: hasWord ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(6)) : bytes)
    }

    private static func read(tiff bytes: UnsafeRawBufferPointer) -> Orientation? {
        let start = ByteReader(bytes)
        let order: ByteReader.Order
        if start.has("II", at: 0) {
            order = .little
        } else if start.has("MM", at: 0) {
            order = .big
        } else {
            return nil
        }
        let tiff = ByteReader(bytes, order: order)
        guard tiff.uint16(2) == 42, let directory = tiff.uint32(4), let entries = tiff.uint16(directory) else {
            return nil
        }
        for entry in 0..<entries {
            let offset = directory + 2 + entry * 12
            guard let name = tiff.uint16(offset) else { return nil }
            guard name == tag else { continue }
            guard let type = tiff.uint16(offset + 2), tiff.uint32(offset + 4) == 1 else { return nil }
            switch type {
            case short: return tiff.uint16(offset + 8).flatMap(Orientation.init)
            case long: return tiff.uint32(offset + 8).flatMap(Orientation.init)
            default: return nil
            }
        }
        return nil
    }
}
