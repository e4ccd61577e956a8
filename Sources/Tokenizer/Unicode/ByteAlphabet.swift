/// The 256 printable characters that byte-level tokenizers write bytes with (GPT-2's `encoder.py`): a printable byte of
/// Latin-1 is itself, the others follow from U+0100 on.
enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (0...UInt32(255)).map { byte in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) {
                return byte
            }
            defer { next += 1 }
            return next
        }
    }()

    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x200)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt8(byte) }
        return bytes
    }()

    /// The byte that `scalar` is written for.
    static func byte(_ scalar: UInt32) -> UInt8? {
        scalar < 0x200 ? bytes[Int(scalar)] : nil
    }

    /// Adds the bytes of `text` to `output` as characters.
    static func spell(_ text: ArraySlice<UInt8>, into output: inout [UInt8]) {
        for byte in text { ScalarReader.append(scalars[Int(byte)], to: &output) }
    }
}
