/// Base64 with the standard alphabet (RFC 4648 section 4), by which JSON carries bytes. Line breaks, as tools insert them, are skipped, and padding
/// may be left out; anything else that is not of the alphabet is refused.
public enum Base64 {
    /// The bytes that `text` stands for, or nil where it is not base64.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 3)
        var decoder = Decoder()
        return decoder.decode(text, into: &bytes) && decoder.finish(into: &bytes) ? bytes : nil
    }

    /// Decodes a text that comes piece by piece.
    public struct Decoder {
        private var bits: UInt32 = 0
        private var held = 0
        private var padding = 0

        /// Before the first piece.
        public init() {}

        /// Appends the bytes that the next piece of the text completes; false where it is not base64.
        public mutating func decode(_ text: some Sequence<UInt8>, into bytes: inout [UInt8]) -> Bool {
            for byte in text {
                let value = Base64.sextets[Int(byte)]
                if value < 64 {
                    guard padding == 0 else { return false }
                    bits = bits << 6 | UInt32(value)
                    held += 1
                    guard held == 4 else { continue }
                    bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                    bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                    bytes.append(UInt8(truncatingIfNeeded: bits))
                    held = 0
                } else if byte == UInt8(ascii: "=") {
                    padding += 1
                } else if byte != 0x0A && byte != 0x0D {
                    return false
                }
            }
            return true
        }

        /// Appends the last bytes; false where the text may not end here.
        public func finish(into bytes: inout [UInt8]) -> Bool {
            guard padding == 0 || held + padding == 4 else { return false }
            switch held {
            case 0: break
            case 2: bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 3:
                bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
            default: return false
            }
            return true
        }
    }

    /// The text that stands for `bytes`, padded.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | UInt32(start + index < bytes.count ? bytes[start + index] : 0) }
            for index in 0..<4 {
                let sextet = Int(bits >> UInt32(18 - 6 * index)) & 63
                text.append(index <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of each character, 255 for those outside of the alphabet.
    private static let sextets: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()
}
