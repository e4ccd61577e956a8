/// The image formats that are decoded.
public enum ImageFormat: String, Sendable, CaseIterable {
    /// ISO/IEC 10918-1, baseline, extended and progressive, 8 bits.
    case jpeg
    /// ISO/IEC 15948, the first image where there are several.
    case png

    /// As written in sentences.
    public var name: String {
        switch self {
        case .jpeg: "JPEG"
        case .png: "PNG"
        }
    }

    /// The registered media type.
    public var mediaType: String { "image/\(rawValue)" }

    /// "JPEG (image/jpeg) and PNG (image/png)".
    public static var acceptedList: String {
        allCases.map { "\($0.name) (\($0.mediaType))" }.joined(separator: " and ")
    }
}
