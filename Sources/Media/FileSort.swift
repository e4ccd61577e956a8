/// What a file is, told by how it begins and by how its name ends.
///
/// A photo or sound is one by its first bytes, whatever its name: programs save JPEG as .jfif and Opus as .oga. A name that promises
/// one is believed where the bytes say nothing, so that the decoder says what is wrong with it. Where the bytes may be of something
/// else too, a name that says something else is believed.
public enum FileSort: Sendable, Equatable {
    /// An image that is decoded here, or is said to be one.
    case image
    /// A sound that is decoded here, or is said to be one.
    case audio
    /// Something else, in words such as "M4A audio", ".txt" or "empty file": as many as there are kinds, whatever files are called.
    case other(String)

    /// How many of a file's first bytes are looked at.
    public static let bytes = 4096

    /// - Parameters:
    ///   - beginning: the first ``bytes`` of the file, or all of it.
    ///   - ending: what follows the last dot of its name, in small letters; empty where there is none.
    public init(beginning: [UInt8], ending: String) {
        self = beginning.withUnsafeBytes { Self.sort($0, ending) }
    }

    private static func sort(_ file: UnsafeRawBufferPointer, _ ending: String) -> FileSort {
        let bytes = ByteReader(file)
        let format = try? FileSignature.format(of: bytes)
        if let format, isBelieved(format, file, ending) { return .image }
        if isSound(bytes, ending) { return .audio }
        if ImageFormat.allCases.contains(where: { $0.endings.contains(ending) }) { return .image }
        if AudioFormat.allCases.contains(where: { $0.endings.contains(ending) }) { return .audio }
        if bytes.count == 0 { return .other("empty file") }
        // What only looks like an image is not counted as one.
        let name = format == nil ? name(of: bytes) : nil
        return .other(name ?? (isKind(ending) ? ".\(ending)" : "file of no known kind"))
    }

    /// Whether first bytes that are those of an image make it one, beside that ending.
    private static func isBelieved(_ format: ImageFormat, _ file: UnsafeRawBufferPointer, _ ending: String) -> Bool {
        switch format {
        case .bmp: format.endings.contains(ending) || BMPHeader.hasKnownLength(ByteReader(file, order: .little))
        // Raw files of cameras (.dng, .nef) are TIFF, and are not decoded.
        case .tiff: ending.isEmpty || format.endings.contains(ending)
        default: true
        }
    }

    /// Whether an ending tells a kind of files: not so the number of a log, or a sentence with a dot.
    private static func isKind(_ ending: String) -> Bool {
        ending.count <= 8 && ending.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            && ending.contains { $0.isLetter }
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
