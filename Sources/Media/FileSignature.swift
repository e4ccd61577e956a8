/// Tells file formats apart by their first bytes, so that a refusal can name what was really sent.
enum FileSignature {
    /// The image format to decode with, or an error that names the format found instead.
    static func format(of bytes: ByteReader) throws(MediaError) -> ImageFormat {
        if JPEGHeader.recognises(bytes) { return .jpeg }
        if PNGHeader.recognises(bytes) { return .png }
        if WebPHeader.recognises(bytes) { return .webp }
        if GIFHeader.recognises(bytes) { return .gif }
        if BMPHeader.recognises(bytes) { return .bmp }
        if TIFFHeader.recognises(bytes) { return .tiff }
        if let format = HEIFHeader.format(of: bytes) { return format }
        if bytes.count == 0 { throw .undecodable(format: nil, reason: "there are none") }
        if let found = name(of: bytes) { throw .unsupportedFormat(found: found) }
        guard bytes.count >= 16 else {
            throw .undecodable(format: nil, reason: "there are only \(bytes.count)")
        }
        throw .unsupportedFormat(found: isText(bytes) ? "text" : "of no format known here")
    }

    /// The header of a sound, by the reader of its format, or an error that names the format found instead. Tags in front, which
    /// some programs write before anything, are stepped over.
    static func audioHeader(of bytes: UnsafeRawBufferPointer) throws(MediaError) -> AudioHeader {
        let whole = ByteReader(bytes)
        let start = SoundTags.behindLeading(whole)
        if start > 0, start < bytes.count {
            let behind = UnsafeRawBufferPointer(rebasing: bytes[start...])
            if let header = try headerOfOwn(behind) { return header.moved(by: start) }
            // Other formats have such tags too.
            if !MP3Header.recognises(whole, at: start), let found = name(of: ByteReader(behind)), accepted[found] == nil
            {
                throw .unsupportedAudio(found: found)
            }
        } else if let header = try headerOfOwn(bytes) {
            return header
        }
        if let layer = MP3Frame.otherLayer(whole, at: start) { throw .unsupportedAudio(found: layer) }
        if start > 0 || MP3Header.recognises(whole, at: start) { return try MP3Header.read(whole, at: start) }
        if bytes.isEmpty { throw .undecodableAudio(format: nil, reason: "there are none") }
        let image = JPEGHeader.recognises(whole) ? "a JPEG image" : PNGHeader.recognises(whole) ? "a PNG image" : nil
        if let found = image ?? name(of: whole), found != "MP3 audio" || MP3Header.begin(whole, behind: 0) == nil {
            guard let format = accepted[found] else { throw .unsupportedAudio(found: found) }
            throw .undecodableAudio(format: format, reason: "its beginning is cut or damaged")
        }
        // A recording of a stream begins within a frame, and some files with zeros.
        if let begin = MP3Header.begin(whole, behind: 0) { return try MP3Header.read(whole, at: begin).behind(begin) }
        guard bytes.count >= 16 else {
            throw .undecodableAudio(format: nil, reason: "there are only \(bytes.count)")
        }
        throw .unsupportedAudio(
            found: isText(whole) ? "text" : "of no format known here (raw samples need a WAV header)")
    }

    /// Names that stand for formats which are decoded: of these something else is wrong.
    private static let accepted: [String: AudioFormat] = [
        "WAV audio": .wav, "FLAC audio": .flac, "Ogg audio": .ogg, "MP3 audio": .mp3,
    ]

    /// The header of a sound whose format tells itself by its first bytes; nil where none does.
    private static func headerOfOwn(_ bytes: UnsafeRawBufferPointer) throws(MediaError) -> AudioHeader? {
        let (big, little) = (ByteReader(bytes), ByteReader(bytes, order: .little))
        if WAVHeader.recognises(little) { return try WAVHeader.read(little) }
        if OggHeader.recognises(little) { return try OggHeader.read(little) }
        if FLACHeader.recognises(big) { return try FLACHeader.read(big, at: 0) }
        return nil
    }

    /// A name such as "a GIF image", or nil for bytes that no rule knows.
    static func name(of bytes: ByteReader) -> String? {
        if let brand = isoBrand(bytes) { return brand }
        if bytes.has("RIFF", at: 0) {
            if bytes.has("WEBP", at: 8) { return "a WebP image" }
            if bytes.has("WAVE", at: 8) { return "WAV audio" }
            if bytes.has("AVI ", at: 8) { return "an AVI video" }
            return "a RIFF file"
        }
        if let text = textFormat(bytes) { return text }
        return signatures.first { bytes.has($0.bytes, at: $0.offset) }?.name
    }

    private static let signatures: [(bytes: [UInt8], offset: Int, name: String)] = [
        (Array("GIF8".utf8), 0, "a GIF image"),
        (Array("BM".utf8), 0, "a BMP image"),
        ([0x49, 0x49, 0x2A, 0x00], 0, "a TIFF image"),
        ([0x4D, 0x4D, 0x00, 0x2A], 0, "a TIFF image"),
        ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20], 0, "a JPEG XL image"),
        ([0xFF, 0x0A], 0, "a JPEG XL image"),
        ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], 0, "a JPEG 2000 image"),
        ([0xFF, 0x4F, 0xFF, 0x51], 0, "a JPEG 2000 image"),
        ([0x8A, 0x4D, 0x4E, 0x47], 0, "an MNG animation"),
        ([0x8B, 0x4A, 0x4E, 0x47], 0, "a JNG image"),
        (Array("8BPS".utf8), 0, "a Photoshop document"),
        (Array("qoif".utf8), 0, "a QOI image"),
        ([0x76, 0x2F, 0x31, 0x01], 0, "an OpenEXR image"),
        (Array("#?RADIANCE".utf8), 0, "a Radiance HDR image"),
        (Array("DDS ".utf8), 0, "a DDS texture"),
        ([0x00, 0x00, 0x01, 0x00], 0, "an icon (ICO)"),
        (Array("icns".utf8), 0, "an icon (ICNS)"),
        (Array("gimp xcf".utf8), 0, "a GIMP image"),
        (Array("P1".utf8), 0, "a portable bitmap (PBM)"),
        (Array("P4".utf8), 0, "a portable bitmap (PBM)"),
        (Array("P2".utf8), 0, "a portable greymap (PGM)"),
        (Array("P5".utf8), 0, "a portable greymap (PGM)"),
        (Array("P3".utf8), 0, "a portable pixmap (PPM)"),
        (Array("P6".utf8), 0, "a portable pixmap (PPM)"),
        (Array("%PDF-".utf8), 0, "a PDF document"),
        (Array("%!PS".utf8), 0, "a PostScript document"),
        (Array("PK\u{3}\u{4}".utf8), 0, "a ZIP archive (or an office document)"),
        (Array("PK\u{5}\u{6}".utf8), 0, "an empty ZIP archive"),
        (Array("Rar!".utf8), 0, "a RAR archive"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0, "a 7z archive"),
        ([0x1F, 0x8B], 0, "a gzip archive"),
        ([0x28, 0xB5, 0x2F, 0xFD], 0, "a Zstandard archive"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], 0, "an xz archive"),
        (Array("BZh".utf8), 0, "a bzip2 archive"),
        (Array("ustar".utf8), 257, "a tar archive"),
        ([0x7F, 0x45, 0x4C, 0x46], 0, "a program (ELF)"),
        (Array("MZ".utf8), 0, "a program (Windows)"),
        (Array("fLaC".utf8), 0, "FLAC audio"),
        (Array("OggS".utf8), 0, "Ogg audio"),
        (Array("ID3".utf8), 0, "MP3 audio"),
        ([0xFF, 0xFB], 0, "MP3 audio"),
        ([0xFF, 0xF3], 0, "MP3 audio"),
        ([0xFF, 0xF2], 0, "MP3 audio"),
        ([0xFF, 0xFA], 0, "MP3 audio"),
        ([0xFF, 0xF1], 0, "AAC audio"),
        ([0xFF, 0xF9], 0, "AAC audio"),
        (Array("AIFF".utf8), 8, "AIFF audio"),
        (Array("AIFC".utf8), 8, "AIFF audio"),
        (Array("FORM".utf8), 0, "an IFF file"),
        (Array("RIFX".utf8), 0, "a big-endian WAV file (RIFX)"),
        (Array("riff".utf8), 0, "Sony Wave64 audio"),
        ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], 0, "Windows Media audio or video"),
        (Array("MAC ".utf8), 0, "Monkey's Audio"),
        (Array("wvpk".utf8), 0, "WavPack audio"),
        (Array("TTA1".utf8), 0, "True Audio"),
        (Array("MPCK".utf8), 0, "Musepack audio"),
        (Array("MP+".utf8), 0, "Musepack audio"),
        (Array("OFR ".utf8), 0, "OptimFROG audio"),
        (Array("DSD ".utf8), 0, "DSD audio"),
        (Array(".RMF".utf8), 0, "RealMedia audio or video"),
        ([0x2E, 0x72, 0x61, 0xFD], 0, "RealAudio"),
        (Array("ADIF".utf8), 0, "AAC audio"),
        ([0x0B, 0x77], 0, "AC-3 audio"),
        ([0x7F, 0xFE, 0x80, 0x01], 0, "DTS audio"),
        (Array("2BIT".utf8), 0, "AVR audio"),
        (Array("Creative Voice File".utf8), 0, "Creative Voice audio"),
        (Array("RF64".utf8), 0, "WAV audio"),
        (Array("caff".utf8), 0, "CAF audio"),
        (Array(".snd".utf8), 0, "AU audio"),
        (Array("#!AMR".utf8), 0, "AMR audio"),
        (Array("MThd".utf8), 0, "a MIDI file"),
        ([0x1A, 0x45, 0xDF, 0xA3], 0, "a Matroska or WebM file"),
        ([0x00, 0x00, 0x01, 0xBA], 0, "an MPEG video"),
        (Array("FLV\u{1}".utf8), 0, "an FLV video"),
        (Array("SQLite format 3\0".utf8), 0, "an SQLite database"),
        (Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }), 0, "a NumPy array"),
    ]

    /// Files in boxes (ISO/IEC 14496-12) tell themselves apart by their brand.
    private static func isoBrand(_ bytes: ByteReader) -> String? {
        guard bytes.has("ftyp", at: 4), let brand = bytes.slice(8, 4) else { return nil }
        switch String(decoding: brand, as: UTF8.self) {
        case "avif", "avis": return "an AVIF image"
        case "heic", "heix", "heim", "heis", "hevc", "hevx": return "an HEIC image"
        case "mif1", "msf1": return "a HEIF image"
        case "crx ": return "a Canon raw image"
        case "jxl ": return "a JPEG XL image"
        case "M4A ", "M4B ", "M4P ": return "M4A audio"
        case "qt  ": return "a QuickTime video"
        case let brand where brand.hasPrefix("3g"): return "a 3GP file"
        default: return "an MP4 file (video or M4A audio)"
        }
    }

    /// Markup and JSON, behind a byte order mark and white space.
    private static func textFormat(_ bytes: ByteReader) -> String? {
        var start = bytes.has([0xEF, 0xBB, 0xBF], at: 0) ? 3 : 0
        while let byte = bytes.byte(start), [0x20, 0x09, 0x0A, 0x0D].contains(byte), start < 256 { start += 1 }
        let beginning =
            bytes.slice(start, min(512, bytes.count - min(start, bytes.count))) ?? .init(start: nil, count: 0)
        guard let first = beginning.first else { return nil }
        if first == UInt8(ascii: "<") {
            let text = String(decoding: beginning, as: UTF8.self).lowercased()
            if text.contains("<svg") { return "an SVG image" }
            if text.hasPrefix("<!doctype html") || text.contains("<html") { return "an HTML page" }
            return text.hasPrefix("<?xml") ? "an XML document" : nil
        }
        if first == UInt8(ascii: "{") { return "a JSON document" }
        return ByteReader(beginning).has("data:", at: 0) ? "a data URL (send its decoded bytes)" : nil
    }

    /// Whether the beginning is printable ASCII.
    private static func isText(_ bytes: ByteReader) -> Bool {
        let beginning = bytes.slice(0, min(256, bytes.count))
        return beginning?.allSatisfy { (0x20...0x7E).contains($0) || (0x09...0x0D).contains($0) } ?? false
    }
}
