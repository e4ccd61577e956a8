import CKernels

/// The type of a weight's bytes in its file.
public enum WeightElement: Sendable {
    case float32, float16, bfloat16

    /// Bytes of one element.
    public var byteCount: Int { self == .float32 ? 4 : 2 }

    var code: sensorium_element {
        switch self {
        case .float32: SENSORIUM_F32
        case .float16: SENSORIUM_F16
        case .bfloat16: SENSORIUM_BF16
        }
    }
}

/// A weight [outputs, inputs], the layout of PyTorch's Linear.weight, packed for `MatrixProduct`: panels of 16 output
/// channels, each [inputs][16], so that a kernel reads it as one stream.
public final class PackedMatrix: Sendable {
    /// How the weight is kept in memory.
    public enum Storage: Sendable {
        /// f16 where the source is f16 and the kernels read it, else f32.
        case automatic
        case float32
        /// f16 where the source is f16 and the kernels read it (half the memory traffic, the same result), else f32.
        case float16
        /// What is fastest for many rows: f16 where the kernels prefer it and the source is f16, or f32 that f16 holds
        /// exactly; else f32.
        case fastest
    }

    /// Rows and columns of the weight.
    public let outputs: Int, inputs: Int
    /// Bytes held.
    public let byteCount: Int
    /// The kernels that the layout is meant for.
    public let kernels: KernelSet
    let isHalf: Bool
    // Written in init alone and read-only from then on.
    nonisolated(unsafe) let panels: UnsafeMutableRawPointer

    /// Packs outputs × inputs elements. `bytes` may be unaligned and is not needed afterwards.
    public convenience init(
        _ bytes: UnsafeRawBufferPointer, element: WeightElement, outputs: Int, inputs: Int,
        storage: Storage = .automatic
    ) {
        self.init(bytes, element: element, outputs: outputs, inputs: inputs, storage: storage, kernels: .best)
    }

    /// Packs for the given kernels.
    public init(
        _ bytes: UnsafeRawBufferPointer, element: WeightElement, outputs: Int, inputs: Int,
        storage: Storage = .automatic,
        kernels: KernelSet
    ) {
        precondition(outputs > 0 && inputs > 0, "a weight has at least one row and one column")
        precondition(
            bytes.count == outputs * inputs * element.byteCount,
            "\(bytes.count) bytes are not a weight [\(outputs), \(inputs)] of \(element)")
        self.outputs = outputs
        self.inputs = inputs
        self.kernels = kernels
        let count = (outputs + 15) / 16 * 16 * inputs
        let table = kernels.table.pointee
        let wantsHalf = storage == .fastest ? table.prefers_half : storage != .float32 && table.takes_half
        if wantsHalf, let halves = Self.halves(bytes, element, storage, outputs, inputs, count) {
            (isHalf, byteCount, panels) = (true, count * 2, halves)
        } else {
            (isHalf, byteCount, panels) = (false, count * 4, .allocate(byteCount: count * 4, alignment: 64))
            sensorium_pack_f32(
                bytes.baseAddress, element.code, outputs, inputs, panels.bindMemory(to: Float.self, capacity: count))
        }
    }

    /// Panels of f16, if the source is f16 or, for `fastest`, f32 that needs no rounding.
    private static func halves(
        _ bytes: UnsafeRawBufferPointer, _ element: WeightElement, _ storage: Storage, _ outputs: Int, _ inputs: Int,
        _ count: Int
    ) -> UnsafeMutableRawPointer? {
        guard element == .float16 || (storage == .fastest && element == .float32) else { return nil }
        let panels = UnsafeMutableRawPointer.allocate(byteCount: count * 2, alignment: 64)
        let halves = panels.bindMemory(to: UInt16.self, capacity: count)
        if element == .float16 {
            sensorium_pack_f16(bytes.baseAddress, element.code, outputs, inputs, halves)
        } else if !sensorium_pack_exact_f16(bytes.baseAddress, outputs, inputs, halves) {
            panels.deallocate()
            return nil
        }
        return panels
    }

    deinit { panels.deallocate() }

    /// Panels of 16 output channels.
    var panelCount: Int { (outputs + 15) / 16 }
}

extension FloatBuffer {
    /// The elements of a stored weight, as floats.
    public convenience init(_ bytes: UnsafeRawBufferPointer, element: WeightElement) {
        self.init(count: bytes.count / element.byteCount)
        sensorium_widen(bytes.baseAddress, element.code, count, pointer)
    }
}
