extension StoredTensor {
    /// The first NaN or infinity: its position in row-major order and its value. Nil where all elements are finite,
    /// and for element types that no network takes.
    public func firstNonFinite() -> (position: Int, value: Float)? {
        let pattern: NonFinitePattern
        switch elementType {
        case .float16: pattern = NonFinitePattern(exponent: 0x7C00, width: 16)
        case .bfloat16: pattern = NonFinitePattern(exponent: 0x7F80, width: 16)
        case .float32: pattern = NonFinitePattern(exponent: 0x7F80_0000, width: 32)
        default: return nil
        }
        guard let position = pattern.firstMatch(in: bytes) else { return nil }
        switch elementType {
        case .float16:
            return (position, floatFromHalf(bytes.loadUnaligned(fromByteOffset: 2 * position, as: UInt16.self)))
        case .bfloat16:
            let bits = bytes.loadUnaligned(fromByteOffset: 2 * position, as: UInt16.self)
            return (position, Float(bitPattern: UInt32(bits) << 16))
        default:
            let bits = bytes.loadUnaligned(fromByteOffset: 4 * position, as: UInt32.self)
            return (position, Float(bitPattern: bits))
        }
    }
}

/// Finds elements whose exponent has all bits set, eight bytes at a time: adding one to the lowest bit of the exponent
/// of such an element carries into its sign bit, which was cleared before, and of no other.
private struct NonFinitePattern {
    private let exponent: UInt64
    private let one: UInt64
    private let sign: UInt64
    private let width: Int

    init(exponent: UInt64, width: Int) {
        let lanes: UInt64 = width == 16 ? 0x0001_0001_0001_0001 : 0x0000_0001_0000_0001
        self.exponent = exponent * lanes
        one = (exponent & (~exponent + 1)) * lanes
        sign = lanes << UInt64(width - 1)
        self.width = width
    }

    func firstMatch(in bytes: UnsafeRawBufferPointer) -> Int? {
        let blockBytes = 4096
        var begin = 0
        // Whole blocks are only asked whether they have a match, which leaves a loop that vectorises.
        while bytes.count - begin >= blockBytes {
            var matches: UInt64 = 0
            for offset in stride(from: begin, to: begin + blockBytes, by: 8) {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                matches |= (word & exponent) &+ one
            }
            if matches & sign != 0 { break }
            begin += blockBytes
        }
        let elementBytes = width / 8
        let mask: UInt64 = width == 16 ? 0xFFFF : 0xFFFF_FFFF
        for offset in stride(from: begin, to: bytes.count, by: elementBytes) {
            let element: UInt64 =
                width == 16
                ? UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
                : UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            if element & exponent & mask == exponent & mask { return offset / elementBytes }
        }
        return nil
    }
}
