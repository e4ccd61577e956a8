import CKernels

/// What follows a linear map.
public enum Activation: Sendable {
    case none
    /// min(max(x, 0), 6)
    case relu6
    /// max(x, 0)
    case relu
    /// x/2 · (1 + erf(x/√2)), the exact form (Hendrycks & Gimpel 2016)
    case gelu
    /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), its approximation
    case tanhGELU
    /// x / (1 + exp(-1.702 · x)), its quick approximation
    case quickGELU
    /// x / (1 + exp(-x)), also called swish (Ramachandran et al. 2017)
    case silu

    var code: sensorium_activation {
        switch self {
        case .none: SENSORIUM_ACTIVATION_NONE
        case .relu6: SENSORIUM_ACTIVATION_RELU6
        case .relu: SENSORIUM_ACTIVATION_RELU
        case .gelu: SENSORIUM_ACTIVATION_GELU
        case .tanhGELU: SENSORIUM_ACTIVATION_TANH_GELU
        case .quickGELU: SENSORIUM_ACTIVATION_QUICK_GELU
        case .silu: SENSORIUM_ACTIVATION_SWISH
        }
    }

    /// Whether it is more than a bound, which a convolution over single channels does not compute.
    var isCurved: Bool { code.rawValue >= SENSORIUM_ACTIVATION_GELU.rawValue }
}

/// output[rows, outputs] = activation(input[rows, inputs] · weightᵀ + bias) + residual
///
/// Each output element is one chain of multiply-adds over the inputs in their order, whatever the rows, the batch and
/// the threads: a row's result is bitwise the same alone and in company.
public enum MatrixProduct {
    /// Multiply-adds below which another thread costs more than it brings.
    static let worthwhile = 200_000

    /// Applies `weight` to `rows` rows.
    /// - Parameters:
    ///   - inputStride, outputStride, residualStride: floats from one row to the next; the width of a row if nil.
    ///   - bias: `weight.outputs` elements.
    ///   - residual: added after the activation; may be the output itself, unless the activation is curved: then the output is
    ///     written before.
    public static func apply(
        _ input: UnsafePointer<Float>, inputStride: Int? = nil, rows: Int, _ weight: PackedMatrix,
        bias: UnsafePointer<Float>?, activation: Activation = .none, residual: UnsafePointer<Float>? = nil,
        residualStride: Int? = nil, into output: UnsafeMutablePointer<Float>, outputStride: Int? = nil,
        pool: ComputePool
    ) {
        guard rows > 0 else { return }
        // Read by all threads for the duration of this call, which outlives them; each writes its own elements.
        nonisolated(unsafe) let job = sensorium_product(
            input: input, inputStride: inputStride, weight, bias: bias, activation: activation, residual: residual,
            residualStride: residualStride, output: output, outputStride: outputStride)
        let table = weight.kernels.table.pointee
        let split = Split(rows: rows, weight, threads: pool.threadCount)
        let widening = Widening(weight, rows: split.rowsOfTask)
        pool.parallelFor(split.count) { range in
            withUnsafePointer(to: job) { job in
                guard let widening else {
                    for task in range {
                        let (rows, panels) = split[task]
                        table.product(job, rows.lowerBound, rows.count, panels.lowerBound, panels.count)
                    }
                    return
                }
                withUnsafeTemporaryAllocation(byteCount: widening.byteCount, alignment: 64) { scratch in
                    // There are bytes, so that there is a base address.
                    guard let base = scratch.bindMemory(to: Float.self).baseAddress else { return }
                    for task in range {
                        let (rows, panels) = split[task]
                        widening.product(job.pointee, rows, panels, table, into: base)
                    }
                }
            }
        }
    }

    /// A weight of 16 bits that becomes f32 a few panels at a time, where each is read for so many rows that widening it for every tile
    /// would cost more. The sums are the same.
    private struct Widening: Sendable {
        private let panelsAtOnce: Int

        /// Rows from which on it pays, and floats that stay in the second cache.
        private static let leastRows = 128, floatsAtOnce = 1 << 17

        let byteCount: Int

        init?(_ weight: PackedMatrix, rows: Int) {
            let panel = 16 * weight.inputs
            guard weight.element != .float32, rows >= Self.leastRows, panel <= Self.floatsAtOnce else { return nil }
            let most = Self.floatsAtOnce / panel
            // The widest tiles span pairs.
            panelsAtOnce = most < 2 ? 1 : most / 2 * 2
            byteCount = panelsAtOnce * panel * MemoryLayout<Float>.stride
        }

        func product(
            _ job: sensorium_product, _ rows: Range<Int>, _ panels: Range<Int>, _ table: sensorium_kernel_set,
            into scratch: UnsafeMutablePointer<Float>
        ) {
            let panel = 16 * job.inputs
            for first in stride(from: panels.lowerBound, to: panels.upperBound, by: panelsAtOnce) {
                let count = min(panelsAtOnce, panels.upperBound - first)
                table.widen(job.weight + first * panel * 2, job.weight_element, count * panel, scratch)
                var part = job
                part.weight = UnsafeRawPointer(scratch)
                part.weight_element = SENSORIUM_F32
                part.outputs = min(job.outputs - first * 16, count * 16)
                part.output += first * 16
                if let bias = job.bias { part.bias = bias + first * 16 }
                if let residual = job.residual { part.residual = residual + first * 16 }
                table.product(&part, rows.lowerBound, rows.count, 0, count)
            }
        }
    }

    /// How a product is cut into tasks: a grid of row blocks and panel blocks.
    struct Split: Sendable {
        let rows: Int, panels: Int
        let rowBlocks: Int, panelBlocks: Int

        init(rows: Int, _ weight: PackedMatrix, threads: Int) {
            self.rows = rows
            panels = weight.panelCount
            let work = rows * weight.inputs * weight.outputs
            let wanted = threads == 1 ? 1 : max(1, min(threads * 4, work / MatrixProduct.worthwhile))
            // Panels first where the weight is what fills the caches, rows first where it is small.
            let byPanels = weight.byteCount > 256 << 10 || rows < 32
            let mostPanelBlocks = (panels + 1) / 2
            let mostRowBlocks = (rows + 13) / 14
            if byPanels {
                panelBlocks = min(wanted, mostPanelBlocks)
                rowBlocks = max(1, min(mostRowBlocks, wanted / panelBlocks))
            } else {
                rowBlocks = min(wanted, mostRowBlocks)
                panelBlocks = max(1, min(mostPanelBlocks, wanted / rowBlocks))
            }
        }

        var count: Int { rowBlocks * panelBlocks }

        /// Rows of the smallest task.
        var rowsOfTask: Int { rows / rowBlocks }

        subscript(task: Int) -> (rows: Range<Int>, panels: Range<Int>) {
            let row = task % rowBlocks
            let panel = task / rowBlocks
            // Panel blocks begin at even panels, since the widest tiles span pairs.
            let pairs = (panels + 1) / 2
            let firstPanel = pairs * panel / panelBlocks * 2
            let lastPanel = min(panels, pairs * (panel + 1) / panelBlocks * 2)
            return (rows * row / rowBlocks..<rows * (row + 1) / rowBlocks, firstPanel..<lastPanel)
        }
    }
}

extension sensorium_product {
    init(
        input: UnsafePointer<Float>, inputStride: Int? = nil, _ weight: PackedMatrix, bias: UnsafePointer<Float>?,
        activation: Activation, residual: UnsafePointer<Float>? = nil, residualStride: Int? = nil,
        output: UnsafeMutablePointer<Float>, outputStride: Int? = nil
    ) {
        self.init(
            input: input, input_stride: inputStride ?? weight.inputs, segments: 1, segment_stride: 0,
            weight: weight.panels, weight_element: weight.element.code, bias: bias, residual: residual,
            residual_stride: residualStride ?? weight.outputs, output: output,
            output_stride: outputStride ?? weight.outputs, inputs: weight.inputs, outputs: weight.outputs,
            activation: activation.code)
    }
}
