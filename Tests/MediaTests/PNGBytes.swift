/// Writes PNGs, well formed or not, without a compressor: image data goes into stored deflate blocks.
struct PNGBytes {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    static let end = chunk("IEND", [])

    static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + content
        return JPEGBytes.big32(content.count) + named + JPEGBytes.big32(Int(crc(named)))
    }

    static func header(
        _ width: Int, _ height: Int, depth: UInt8 = 8, colour: UInt8 = 2, interlace: UInt8 = 0
    ) -> [UInt8] {
        chunk("IHDR", JPEGBytes.big32(width) + JPEGBytes.big32(height) + [depth, colour, 0, 0, interlace])
    }

    static func data(_ content: [UInt8]) -> [UInt8] { chunk("IDAT", zlib(content)) }

    /// RFC 1950 around stored blocks of RFC 1951.
    static func zlib(_ content: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = content[...]
        repeat {
            let block = rest.prefix(65_535)
            rest = rest.dropFirst(block.count)
            let length = [UInt8(block.count & 255), UInt8(block.count >> 8)]
            stream += [rest.isEmpty ? 1 : 0] + length + length.map { ~$0 } + block
        } while !rest.isEmpty
        var (low, high) = (1, 0)
        for byte in content {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return stream + JPEGBytes.big32(high << 16 | low)
    }

    static func crc(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0 as UInt32) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    /// A picture of `channels` bytes a pixel in which neighbours differ.
    static func pattern(_ width: Int, _ height: Int, channels: Int) -> [[UInt8]] {
        (0..<height).map { y in
            (0..<width * channels).map { UInt8(truncatingIfNeeded: $0 * 37 + y * 101 + $0 * y) }
        }
    }

    /// The rows of an image as they stand in image data: a filter byte before each.
    static func unfiltered(_ rows: [[UInt8]]) -> [UInt8] { rows.flatMap { [0] + $0 } }

    /// The rows of the seven reduced images of Adam7, for whole bytes a sample.
    static func interlaced(_ rows: [[UInt8]], channels: Int) -> [UInt8] {
        let passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        let width = (rows.first?.count ?? 0) / channels
        return passes.flatMap { top, left, down, right -> [UInt8] in
            guard left < width else { return [] }
            return stride(from: top, to: rows.count, by: down).flatMap { y -> [UInt8] in
                [0] + stride(from: left, to: width, by: right).flatMap { rows[y][$0 * channels..<($0 + 1) * channels] }
            }
        }
    }

    /// A whole file of 8-bit RGB.
    static func rgb(_ width: Int, _ height: Int) -> [UInt8] {
        let rows = pattern(width, height, channels: 3)
        return signature + header(width, height) + data(unfiltered(rows)) + end
    }
}
