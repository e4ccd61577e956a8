/// The image formats that are decoded.
public enum ImageFormat: String, Sendable, CaseIterable {
    /// ISO/IEC 10918-1, baseline, extended and progressive, 8 bits.
    case jpeg
    /// ISO/IEC 15948, the first image where there are several.
    case png

    /// RFC 9649, lossy and lossless, the first frame where there are several.
    case webp
    /// GIF87a and GIF89a, the first image.
    case gif
    /// Windows bitmaps of 1 to 32 bits, run-length coding included.
    case bmp

    /// ISO/IEC 23008-12 with HEVC: the primary image.
    case heic
    /// The AV1 Image File Format: the primary image.
    case avif
    /// TIFF 6.0 and BigTIFF, the first image, of up to 16 bits.
    case tiff

    /// As written in sentences.
    public var name: String {
        switch self {
        case .jpeg: "JPEG"
        case .png: "PNG"
        case .webp: "WebP"
        case .gif: "GIF"
        case .bmp: "BMP"
        case .heic: "HEIC"
        case .avif: "AVIF"
        case .tiff: "TIFF"
        }
    }

    /// The registered media type.
    public var mediaType: String { "image/\(rawValue)" }

    /// "JPEG (image/jpeg), PNG (image/png) and …".
    public static var acceptedList: String {
        let names = allCases.map { "\($0.name) (\($0.mediaType))" }
        return names.dropLast().joined(separator: ", ") + " and " + names.suffix(1).joined()
    }
}
