/// Why uploaded bytes did not become pixels.
///
/// The cases say which answer a caller deserves; `description` is a sentence for a person that says what is wrong and what
/// to do. It never repeats uploaded content, only sizes, format names and positions.
public enum MediaError: Error, Equatable, Sendable {
    /// The bytes are of a kind that is not read here. `found` names that kind.
    case unsupportedFormat(found: String)
    /// The bytes claim to be `format` and are damaged, cut, or use a part of the format that is not read.
    case undecodable(format: ImageFormat?, reason: String)
    /// The image is sound as far as looked at, and larger than a limit.
    case tooLarge(reason: String)

    /// The stable name of the problem in the HTTP interface.
    public var code: String {
        switch self {
        case .unsupportedFormat: "unsupported_media_type"
        case .undecodable: "undecodable_image"
        case .tooLarge: "image_too_large"
        }
    }
}

extension MediaError: CustomStringConvertible {
    /// What is wrong and what to do, as one or two sentences.
    public var description: String {
        switch self {
        case .unsupportedFormat(let found):
            "The bytes are \(found); accepted are \(ImageFormat.acceptedList). Convert the image and send it again."
        case .undecodable(let format?, let reason):
            "The \(format.name) image cannot be decoded: \(reason). Save it anew as an ordinary JPEG or PNG."
        case .undecodable(nil, let reason):
            "The bytes are no image: \(reason). Accepted are \(ImageFormat.acceptedList)."
        case .tooLarge(let reason):
            "The image is too large: \(reason). Scale it down and send it again."
        }
    }
}
