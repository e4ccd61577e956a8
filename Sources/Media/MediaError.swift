/// Why uploaded bytes did not become pixels or samples.
///
/// The cases say which answer a caller deserves; `description` is a sentence for a person that says what is wrong and what
/// to do. It never repeats uploaded content, only sizes, format names and positions.
public enum MediaError: Error, Equatable, Sendable {
    /// The bytes are of a kind that is not read as an image. `found` names that kind.
    case unsupportedFormat(found: String)
    /// The bytes claim to be `format` and are damaged, cut, or use a part of the format that is not read.
    case undecodable(format: ImageFormat?, reason: String)
    /// The image is sound as far as looked at, and larger than a limit.
    case tooLarge(reason: String)
    /// The bytes are of a kind that is not read as a sound. `found` names that kind.
    case unsupportedAudio(found: String)
    /// The bytes claim to be `format` and are damaged, or use a part of the format that is not read.
    case undecodableAudio(format: AudioFormat?, reason: String)
    /// The sound is longer, or takes more memory, than a limit.
    case audioTooLong(reason: String)
    /// The sound is shorter than anything can be told from.
    case audioTooShort(reason: String)

    /// The stable name of the problem in the HTTP interface.
    public var code: String {
        switch self {
        case .unsupportedFormat, .unsupportedAudio: "unsupported_media_type"
        case .undecodable: "undecodable_image"
        case .tooLarge: "image_too_large"
        case .undecodableAudio: "undecodable_audio"
        case .audioTooLong: "audio_too_long"
        case .audioTooShort: "audio_too_short"
        }
    }
}

extension MediaError: CustomStringConvertible {
    /// What is wrong and what to do, as one or two sentences.
    public var description: String {
        switch self {
        case .unsupportedFormat(let found):
            "The bytes are \(found); accepted are \(ImageFormat.acceptedList). Convert the image to one of them."
        case .undecodable(let format?, let reason):
            "The \(format.name) image cannot be decoded: \(reason). Save it anew as an ordinary JPEG or PNG."
        case .undecodable(nil, let reason):
            "The bytes are no image: \(reason). Accepted are \(ImageFormat.acceptedList)."
        case .tooLarge(let reason):
            "The image is too large: \(reason). Scale it down."
        case .unsupportedAudio(let found):
            "The bytes are \(found); accepted are \(AudioFormat.acceptedList). Convert the audio to one of them."
        case .undecodableAudio(let format?, let reason):
            "The \(format.name) audio cannot be decoded: \(reason). Save it anew as an ordinary WAV or FLAC file."
        case .undecodableAudio(nil, let reason):
            "The bytes are no audio: \(reason). Accepted are \(AudioFormat.acceptedList)."
        case .audioTooLong(let reason):
            "The audio is too long: \(reason). Cut it into parts."
        case .audioTooShort(let reason):
            "The audio is too short: \(reason), and at least 25 ms are needed."
        }
    }
}
