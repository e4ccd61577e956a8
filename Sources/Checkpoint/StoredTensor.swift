/// A tensor, row-major and little-endian as it lies in the file, possibly not aligned to its element type.
public struct StoredTensor: Sendable {
    /// The tensor's name.
    public let name: String
    /// The type of its elements.
    public let elementType: ElementType
    /// Its dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Its bytes, valid as long as this value or the checkpoint lives. They may begin at any address: read them with
    /// `loadUnaligned`. `nonisolated(unsafe)` is sound because what they are in is never written.
    nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` where they are.
    private let owner: any AnyObject & Sendable

    init(
        name: String, elementType: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer,
        owner: any AnyObject & Sendable
    ) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }

    init(_ entry: SafetensorsHeader.Entry, dataOffset: Int, in mapping: FileMapping) {
        self.init(
            name: entry.name, elementType: entry.elementType, shape: entry.shape,
            bytes: UnsafeRawBufferPointer(
                rebasing: mapping.bytes[dataOffset + entry.range.lowerBound..<dataOffset + entry.range.upperBound]),
            owner: mapping)
    }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The elements as 32-bit floats in row-major order; F16 and BF16 widen without loss.
    ///
    /// Empty where the elements are not F32, F16 or BF16, which ``Weights`` refuses.
    public func floats() -> [Float] {
        switch elementType {
        case .float32:
            [Float](unsafeUninitializedCapacity: count) { floats, initialized in
                UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
                initialized = count
            }
        case .float16: converted(from: UInt16.self, floatFromHalf)
        case .bfloat16: converted(from: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        default: []
        }
    }

    private func converted<Source>(
        from: Source.Type, _ convert: (Source) -> Float
    ) -> [Float] {
        // The header was checked: `bytes` holds `count` elements of `Source`, at any alignment.
        [Float](unsafeUninitializedCapacity: count) { floats, initialized in
            for index in 0..<count {
                let element = bytes.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Source>.size, as: Source.self)
                floats.initializeElement(at: index, to: convert(element))
            }
            initialized = count
        }
    }
}

/// The value of an IEEE 754 binary16, by arithmetic on bits that vectorises: widening the exponent field and one exact
/// multiplication, which makes subnormal numbers come out right too.
@inline(__always)
func floatFromHalf(_ half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7FFF) << 13
    let sign = UInt32(half & 0x8000) << 16
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special: UInt32 = half & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
    return Float(bitPattern: scaled | special | sign)
}
