import CAudioCodecs

/// The sound formats that are decoded.
public enum AudioFormat: String, Sendable, CaseIterable {
    /// RIFF/WAVE and RF64: integers of 8, 16, 24 and 32 bits, floats of 32 and 64, A-law and µ-law.
    case wav
    /// RFC 9639, outside Ogg.
    case flac
    /// Vorbis in Ogg.
    case ogg
    /// Opus in Ogg, RFC 7845.
    case opus
    /// MPEG-1, -2 and -2.5 layer III.
    case mp3

    /// As written in sentences.
    public var name: String {
        switch self {
        case .wav: "WAV"
        case .flac: "FLAC"
        case .ogg: "Ogg Vorbis"
        case .opus: "Ogg Opus"
        case .mp3: "MP3"
        }
    }

    /// The registered media type.
    public var mediaType: String {
        switch self {
        case .wav: "audio/wav"
        case .flac: "audio/flac"
        case .ogg, .opus: "audio/ogg"
        case .mp3: "audio/mpeg"
        }
    }

    /// "WAV, FLAC, Ogg Vorbis, Ogg Opus and MP3".
    public static var acceptedList: String {
        let names = allCases.map(\.name)
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

    /// Whether the libsndfile that is loaded was built with a decoder for it. Debian 12's has them all.
    public var isAvailable: Bool { sound_library_reads(rawValue) == 1 }
}
