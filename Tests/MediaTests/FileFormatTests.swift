import Media
import Testing

@Suite struct `Bytes of another kind` {
    private static func box(_ brand: String) -> [UInt8] {
        [0, 0, 0, 0x18] + Array("ftyp\(brand)\0\0\0\0mif1".utf8)
    }

    private static let kinds: [(String, [UInt8])] = [
        ("MP4", box("isom")),
        ("QuickTime", box("qt  ")),
        ("M4A", box("M4A ")),
        ("PDF", Array("%PDF-1.7\n".utf8)),
        ("SVG", Array("<svg xmlns=\"http://www.w3.org/2000/svg\"/>".utf8)),
        ("SVG", [0xEF, 0xBB, 0xBF] + Array("\n <?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg/>".utf8)),
        ("HTML", Array("<!DOCTYPE html><title>404</title>".utf8)),
        ("HTML", Array("  <HTML><body>Not found".utf8)),
        ("XML", Array("<?xml version=\"1.0\"?><note/>".utf8)),
        ("JSON", Array("{\"image\": \"…\"}".utf8)),
        ("data URL", Array("data:image/png;base64,iVBORw0KGgo=".utf8)),
        ("ZIP", Array("PK\u{3}\u{4}".utf8) + [20, 0, 0, 0]),
        ("gzip", [0x1F, 0x8B, 8, 0]),
        ("WAV", Array("RIFF\0\0\0\0WAVEfmt ".utf8)),
        ("FLAC", Array("fLaC".utf8) + [0, 0, 0, 34]),
        ("Ogg", Array("OggS".utf8) + [0, 2]),
        ("MP3", Array("ID3".utf8) + [4, 0, 0]),
        ("MP3", [0xFF, 0xFB, 0x90, 0x64]),
        ("AAC", [0xFF, 0xF1, 0x50, 0x80]),
        ("AIFF", Array("FORM".utf8) + [0, 0, 0, 0] + Array("AIFF".utf8)),
        ("JPEG XL", [0xFF, 0x0A, 0x7A, 0x41]),
        ("JPEG XL", [0, 0, 0, 0x0C] + Array("JXL \r\n".utf8)),
        ("JPEG 2000", [0, 0, 0, 0x0C] + Array("jP  \r\n".utf8)),
        ("QOI", Array("qoif".utf8)),
        ("icon", [0, 0, 1, 0, 1, 0]),
        ("Photoshop", Array("8BPS".utf8) + [0, 1]),
        ("PPM", Array("P6\n4 4\n255\n".utf8)),
        ("WebM", [0x1A, 0x45, 0xDF, 0xA3]),
        ("text", Array("Dear server, please find my holiday photograph attached.".utf8)),
        ("no format known here", [UInt8](repeating: 0xA5, count: 64)),
    ]

    @Test(arguments: kinds)
    func `is named, and what is accepted is listed`(name: String, bytes: [UInt8]) {
        let error = refusal(of: bytes)
        #expect(error?.code == "unsupported_media_type")
        let sentence = error?.description ?? ""
        #expect(sentence.contains(name), "\(sentence)")
        for format in ImageFormat.allCases { #expect(sentence.contains(format.mediaType), "\(sentence)") }
    }

    @Test func `too short to tell is undecodable`() {
        expectRefusal([], "undecodable_image", saying: "none")
        expectRefusal([0x41], "undecodable_image", saying: "only 1")
        expectRefusal([0x89, 0x50], "undecodable_image")
    }

    @Test func `of any beginning never reads past its end`() {
        for (_, bytes) in Self.kinds {
            for length in 0...bytes.count { #expect(refusal(of: Array(bytes.prefix(length))) != nil) }
        }
    }

    @Test func `longer than the limit is refused unread`() {
        expectRefusal(
            [UInt8](repeating: 0xFF, count: 1_001), "image_too_large", saying: "1001 bytes",
            limits: ImageLimits(maxBytes: 1_000))
    }
}
