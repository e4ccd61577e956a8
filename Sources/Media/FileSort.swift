/// What a file is, told by how it begins and by how its name ends.
///
/// A photo or sound is one by its first bytes, whatever its name: programs save JPEG as .jfif and Opus as .oga. A name that promises
/// one is believed where the bytes say nothing, so that the decoder says what is wrong with it.
public enum FileSort: Sendable, Equatable {
    /// An image that is decoded here, or is said to be one.
    case image
    /// A sound that is decoded here, or is said to be one.
    case audio
    /// Something else, in words such as "M4A audio", ".txt" or "empty file".
    case other(String)

    /// How many of a file's first bytes are looked at.
    public static let bytes = 4096

    /// - Parameters:
    ///   - beginning: the first ``bytes`` of the file, or all of it.
    ///   - ending: what follows the last dot of its name, in small letters; empty where there is none.
    public init(beginning: [UInt8], ending: String) {
        self = beginning.withUnsafeBytes { Self.sort(ByteReader($0), ending) }
    }

    private static func sort(_ bytes: ByteReader, _ ending: String) -> FileSort {
        if bytes.count > 0, (try? FileSignature.format(of: bytes)) != nil { return .image }
        if isSound(bytes, ending) { return .audio }
        if ImageFormat.allCases.contains(where: { $0.endings.contains(ending) }) { return .image }
        if AudioFormat.allCases.contains(where: { $0.endings.contains(ending) }) { return .audio }
        if bytes.count == 0 { return .other("empty file") }
        return .other(name(of: bytes) ?? (ending.isEmpty ? "file of no known kind" : ".\(ending)"))
    }

    private static func isSound(_ bytes: ByteReader, _ ending: String) -> Bool {
        if (bytes.has("RIFF", at: 0) || bytes.has("RF64", at: 0)) && bytes.has("WAVE", at: 8) { return true }
        if bytes.has("OggS", at: 0) { return !bytes.has("theora", at: 29) }
        if bytes.has("fLaC", at: 0) || bytes.has("ID3", at: 0) { return true }
        // Two bytes are little to go by: a name that says something else is believed.
        let frames: [[UInt8]] = [[0xFF, 0xFA], [0xFF, 0xFB], [0xFF, 0xF2], [0xFF, 0xF3]]
        return ending.isEmpty && frames.contains { bytes.has($0, at: 0) }
    }

    /// "M4A audio", without an article and what stands in brackets, to be counted.
    private static func name(of bytes: ByteReader) -> String? {
        if bytes.has("OggS", at: 0) { return "Ogg video" }
        guard var name = FileSignature.name(of: bytes)?[...] else { return nil }
        for article in ["a ", "an "] where name.hasPrefix(article) { name = name.dropFirst(article.count) }
        name = name.prefix { $0 != "(" }
        return name.last == " " ? String(name.dropLast()) : String(name)
    }
}

extension ImageFormat {
    /// How the names of such files end, without the dot.
    public var endings: [String] {
        switch self {
        case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
        case .png: ["png"]
        case .webp: ["webp"]
        case .gif: ["gif"]
        case .bmp: ["bmp", "dib"]
        case .heic: ["heic", "heif"]
        case .avif: ["avif"]
        case .tiff: ["tif", "tiff"]
        }
    }
}

extension AudioFormat {
    /// How the names of such files end, without the dot.
    public var endings: [String] {
        switch self {
        case .wav: ["wav", "wave"]
        case .flac: ["flac"]
        case .ogg: ["ogg", "oga"]
        case .opus: ["opus"]
        case .mp3: ["mp3", "mpga"]
        }
    }
}
