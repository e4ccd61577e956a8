import CKernels
import Dispatch

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
        /// In 16 bits where the source has 16 and the kernels read them, half the memory traffic with the same result; else f32.
        case automatic
        case float32
        /// In 16 bits also where the source is f32 that f16 holds exactly, as of models that were trained in f16: for weights that are
        /// read for few rows at a time, whose time is that of the memory.
        case smallest
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
    /// What the panels hold.
    public let element: WeightElement
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
        let kept: WeightElement =
            switch (storage, element) {
            case (.automatic, .bfloat16), (.smallest, .bfloat16): .bfloat16
            case (.automatic, .float16), (.smallest, _): table.takes_half ? .float16 : .float32
            case (.fastest, .float16), (.fastest, .float32): table.prefers_half ? .float16 : .float32
            case (.automatic, .float32), (.float32, _), (.fastest, .bfloat16): .float32
            }
        let source = Source(bytes: bytes, element: element, outputs: outputs, inputs: inputs)
        if kept != .float32, let panels = source.panels(of: kept, count) {
            (self.element, byteCount, self.panels) = (kept, count * kept.byteCount, panels)
        } else {
            (self.element, byteCount, panels) = (.float32, count * 4, source.widened(count))
        }
    }

    /// A weight as its file has it.
    private struct Source {
        let bytes: UnsafeRawBufferPointer
        let element: WeightElement
        let outputs: Int, inputs: Int

        /// Panels of 16 bits: of a source of that type, or of f32 that f16 holds exactly; nil of any other.
        func panels(of kept: WeightElement, _ count: Int) -> UnsafeMutableRawPointer? {
            let panels = UnsafeMutableRawPointer.allocate(byteCount: count * 2, alignment: 64)
            let inputs = inputs
            // Each thread reads and writes the elements of its own blocks.
            nonisolated(unsafe) let (source, target) = (
                bytes.baseAddress, panels.bindMemory(to: UInt16.self, capacity: count)
            )
            if element == kept {
                inBlocks { rows, first in
                    sensorium_pack_16(source.map { $0 + first * 2 }, rows, inputs, target + first)
                }
            } else if !sensorium_pack_exact_f16(source, outputs, inputs, target) {
                panels.deallocate()
                return nil
            }
            return panels
        }

        /// Panels of f32.
        func widened(_ count: Int) -> UnsafeMutableRawPointer {
            let panels = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
            let (element, inputs) = (element, inputs)
            // Each thread reads and writes the elements of its own blocks.
            nonisolated(unsafe) let (source, target) = (
                bytes.baseAddress, panels.bindMemory(to: Float.self, capacity: count)
            )
            inBlocks { rows, first in
                sensorium_pack_f32(
                    source.map { $0 + first * element.byteCount }, element.code, rows, inputs, target + first)
            }
            return panels
        }

        /// Elements that are worth another thread.
        private static let grain = 1 << 18

        /// Calls `pack` for blocks of whole panels, several at once. Models are packed when nothing else is computed, which is most of
        /// the time that a start takes.
        private func inBlocks(_ pack: @Sendable (_ rows: Int, _ firstElement: Int) -> Void) {
            let (outputs, inputs) = (outputs, inputs)
            let rowsAtOnce = max(16, Self.grain / inputs / 16 * 16)
            DispatchQueue.concurrentPerform(iterations: (outputs + rowsAtOnce - 1) / rowsAtOnce) { block in
                let first = block * rowsAtOnce
                pack(min(rowsAtOnce, outputs - first), first * inputs)
            }
        }
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
