/// The encodings of texts that are read: UTF-8, of which ASCII is a part, and Latin-1, which many clients write for want of
/// another word (`text/plain; charset=ISO-8859-1` is what Apache HttpClient says of any text).
public enum Charset: Sendable, Equatable {
    /// UTF-8 (RFC 3629).
    case utf8
    /// Windows-1252, which is what the web means by ISO-8859-1 (WHATWG Encoding Standard, section 4.2).
    case windows1252

    /// The encoding that a label names, in any case; nil where it is another one.
    public init?(label: String) {
        switch label.lowercased() {
        case "utf-8", "utf8", "us-ascii", "ascii": self = .utf8
        case "iso-8859-1", "iso8859-1", "iso_8859-1", "iso88591", "latin1", "latin-1", "l1", "windows-1252", "cp1252",
            "x-cp1252":
            self = .windows1252
        default: return nil
        }
    }

    /// The text that the bytes stand for, or nil where they are none: in UTF-8 not every sequence of bytes is a text.
    public func text(_ bytes: some Collection<UInt8>) -> String? {
        switch self {
        case .utf8: return String(validating: Array(bytes), as: UTF8.self)
        case .windows1252:
            var text = String.UnicodeScalarView()
            for byte in bytes { text.append(Self.scalar(byte)) }
            return String(text)
        }
    }

    private static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        (0x80..<0xA0).contains(byte) ? upperControls[Int(byte) - 0x80] : Unicode.Scalar(byte)
    }

    /// What 0x80 to 0x9F are (WHATWG index-windows-1252); five of them stay controls.
    private static let upperControls: [Unicode.Scalar] = [
        "€", "\u{81}", "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", "\u{8D}", "Ž", "\u{8F}",
        "\u{90}", "‘", "’", "“", "”", "•", "–", "—", "˜", "™", "š", "›", "œ", "\u{9D}", "ž", "Ÿ",
    ]
}
