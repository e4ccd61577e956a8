/// Memory for 32-bit floats, aligned to 64 bytes (a cache line, and the widest vector). Starts as zeros.
///
/// The buffer owns its memory; `pointer` is valid while the buffer lives.
public final class FloatBuffer {
    /// Elements.
    public let count: Int
    /// The first element.
    public let pointer: UnsafeMutablePointer<Float>

    /// Room for `count` elements, all zero.
    public init(count: Int) {
        self.count = count
        // A vector beyond the end, so that a kernel may read whole vectors of the last row.
        let raw = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: count + 16)
        pointer.initialize(repeating: 0, count: count + 16)
    }

    /// A buffer with the given elements.
    public convenience init(_ elements: some Collection<Float>) {
        self.init(count: elements.count)
        for (i, element) in elements.enumerated() { pointer[i] = element }
    }

    deinit { pointer.deallocate() }

    /// Bytes held.
    public var byteCount: Int { (count + 16) * 4 }

    /// The elements, copied.
    public var elements: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
