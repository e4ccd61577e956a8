/// Decodes BMP. Debian has no library made for it.
///
/// Indices beyond the palette are black. Of run-length coding what is skipped has index 0. Transparent parts, which only a mask
/// for alpha makes, are laid over white. Fewer rows than the header says are an error; bytes behind them are not.
struct BMPDecoder {
    let header: BMPHeader
    let bytes: UnsafeRawBufferPointer
    private let colours: [UInt8]

    /// - Parameter bytes: The whole file.
    init(_ bytes: UnsafeRawBufferPointer) throws(MediaError) {
        let reader = ByteReader(bytes, order: .little)
        let header = try BMPHeader(reader)
        var colours = [UInt8](repeating: 0, count: 256 * 3)
        for index in 0..<min(header.palette.count, 256) {
            let place = header.palette.start + index * header.palette.entry
            guard let blue = reader.byte(place), let green = reader.byte(place + 1), let red = reader.byte(place + 2)
            else { throw BMPHeader.truncated }
            colours[index * 3] = UInt8(red)
            colours[index * 3 + 1] = UInt8(green)
            colours[index * 3 + 2] = UInt8(blue)
        }
        self.bytes = bytes
        self.header = header
        self.colours = colours
    }

    /// Hands every row to `sink`, from top to bottom.
    func decode(into sink: RowSink) throws(MediaError) {
        let indices = header.coding == .runLength ? try runLengthIndices() : []
        var rows = [UInt8](repeating: 0, count: header.width * 3)
        for y in 0..<header.height {
            let stored = header.isTopDown ? y : header.height - 1 - y
            if header.coding == .runLength {
                for x in 0..<header.width { set(&rows, x, index: Int(indices[stored * header.width + x])) }
            } else {
                let length = (header.width * header.bitsPerPixel + 7) / 8
                guard let row = ByteReader(bytes).slice(header.pixels + stored * header.rowBytes, length) else {
                    throw BMPHeader.truncated
                }
                decode(row, into: &rows)
            }
            rows.withUnsafeBufferPointer { if let start = $0.baseAddress { sink.take(start, 1) } }
        }
    }

    private func set(_ row: inout [UInt8], _ x: Int, index: Int) {
        row[x * 3] = colours[index * 3]
        row[x * 3 + 1] = colours[index * 3 + 1]
        row[x * 3 + 2] = colours[index * 3 + 2]
    }

    /// `stored` has all bits of a row.
    private func decode(_ stored: UnsafeRawBufferPointer, into row: inout [UInt8]) {
        switch header.bitsPerPixel {
        case 1, 4, 8:
            let bits = header.bitsPerPixel
            let mask = 1 << bits - 1
            for x in 0..<header.width {
                let bit = x * bits
                set(&row, x, index: Int(stored[bit / 8]) >> (8 - bits - bit % 8) & mask)
            }
        case 24:
            for x in 0..<header.width {
                row[x * 3] = stored[x * 3 + 2]
                row[x * 3 + 1] = stored[x * 3 + 1]
                row[x * 3 + 2] = stored[x * 3]
            }
        default:
            let channels = header.masks.map(Channel.init)
            let size = header.bitsPerPixel / 8
            for x in 0..<header.width {
                var pixel: UInt32 = 0
                for byte in 0..<size { pixel |= UInt32(stored[x * size + byte]) << UInt32(8 * byte) }
                let alpha = channels[3].largest == 0 ? 255 : channels[3].value(pixel)
                for channel in 0..<3 {
                    row[x * 3 + channel] = overWhite(channels[channel].value(pixel), alpha)
                }
            }
        }
    }

    /// Where a colour is in a pixel.
    private struct Channel {
        let mask: UInt32, shift: UInt32, largest: UInt32

        init(_ mask: UInt32) {
            self.mask = mask
            shift = UInt32(mask == 0 ? 0 : mask.trailingZeroBitCount)
            largest = mask >> shift
        }

        func value(_ pixel: UInt32) -> UInt32 {
            largest == 0 ? 0 : UInt32(UInt64((pixel & mask) >> shift) * 255 / UInt64(largest))
        }
    }

    private func overWhite(_ value: UInt32, _ alpha: UInt32) -> UInt8 {
        let sum = 255 * (255 - alpha) + value * alpha + 128
        return UInt8(truncatingIfNeeded: (sum >> 8 + sum) >> 8)
    }

    /// The indices of all pixels, rows as they are stored.
    private func runLengthIndices() throws(MediaError) -> [UInt8] {
        let reader = ByteReader(bytes)
        var indices = [UInt8](repeating: 0, count: header.width * header.height)
        var offset = header.pixels
        var (x, y) = (0, 0)
        // Pairs of four bits, or whole bytes.
        let isHalf = header.bitsPerPixel == 4
        func put(_ index: Int) {
            if x < header.width, y < header.height { indices[y * header.width + x] = UInt8(truncatingIfNeeded: index) }
            x += 1
        }
        while y < header.height {
            guard let count = reader.byte(offset), let value = reader.byte(offset + 1) else {
                // The end may be missing when nothing else is.
                guard y == header.height - 1, x >= header.width else { throw BMPHeader.truncated }
                return indices
            }
            offset += 2
            switch (count, value) {
            case (0, 0): (x, y) = (0, y + 1)
            case (0, 1): return indices
            case (0, 2):
                guard let right = reader.byte(offset), let up = reader.byte(offset + 1) else {
                    throw BMPHeader.truncated
                }
                (x, y) = (x + right, y + up)
                offset += 2
            case (0, _):
                let length = isHalf ? (value + 1) / 2 : value
                guard let run = reader.slice(offset, length) else { throw BMPHeader.truncated }
                for index in 0..<value {
                    put(isHalf ? Int(run[index / 2]) >> (index % 2 == 0 ? 4 : 0) & 15 : Int(run[index]))
                }
                offset += length + length % 2
            default:
                for index in 0..<count { put(isHalf ? value >> (index % 2 == 0 ? 4 : 0) & 15 : value) }
            }
        }
        return indices
    }
}
