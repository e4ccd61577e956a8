import CKernels

extension InvertedResidual {
    /// Memory that blocks share: they run one after another.
    public final class Scratch {
        var shared = FloatBuffer(count: 0)
        var threads: [FloatBuffer] = []

        /// Empty; blocks ask for room with `reserve`.
        public init() {}

        /// Bytes held.
        public var byteCount: Int { threads.reduce(shared.byteCount) { $0 + $1.byteCount } }

        fileprivate func reserve(shared count: Int, thread: Int, threads threadCount: Int) {
            if shared.count < count { shared = FloatBuffer(count: count) }
            for index in threads.indices where threads[index].count < thread {
                threads[index] = FloatBuffer(count: thread)
            }
            while threads.count < threadCount { threads.append(FloatBuffer(count: thread)) }
        }
    }

    /// input [height, width, channels] → output [⌈height/stride⌉, ⌈width/stride⌉, outputs], where height and width are
    /// those after a source convolution.
    public func callAsFunction(
        _ input: UnsafePointer<Float>, height: Int, width: Int, into output: UnsafeMutablePointer<Float>,
        scratch: Scratch, pool: ComputePool
    ) {
        if case .expansion(let expand) = source, height * width <= Self.smallImage {
            byChannels(expand, input, height: height, width: width, into: output, scratch: scratch, pool: pool)
        } else {
            byRows(input, height: height, width: width, into: output, scratch: scratch, pool: pool)
        }
    }

    /// Pixels up to which 32 channels of all of them stay in a core's own cache.
    private static let smallImage = 1280
    /// Floats of a slab's expanded rows that are made at a time, so that they stay in a core's first cache.
    private static let rowGroup = 8192

    private func byChannels(
        _ expand: Pointwise, _ input: UnsafePointer<Float>, height: Int, width: Int,
        into output: UnsafeMutablePointer<Float>, scratch: Scratch, pool: ComputePool
    ) {
        let channels = depthwise.channels
        let group = 2 * Int(SENSORIUM_PANEL)
        let size = depthwise.outputSize(height: height, width: width)
        scratch.reserve(
            shared: size.height * size.width * channels, thread: height * width * group, threads: pool.threadCount)
        let filtered = scratch.shared.pointer
        // Threads read the input, and write channels of their own in `filtered` and memory of their own.
        nonisolated(unsafe) let job = sensorium_product(
            input: input, expand.matrix, bias: expand.bias.pointer, activation: .relu6, output: filtered,
            outputStride: group)
        nonisolated(unsafe) let threads = scratch.threads.map(\.pointer)
        nonisolated(unsafe) let filter = depthwise.job(input, height: height, width: width, into: filtered)
        let table = depthwise.kernels.table.pointee
        pool.parallelFor((channels + group - 1) / group) { thread, range in
            for index in range {
                let first = index * group
                let count = min(group, channels - first)
                var job = job
                job.output = threads[thread] - first
                let panel = first / Int(SENSORIUM_PANEL)
                table.product(&job, 0, height * width, panel, min(2, expand.matrix.panelCount - panel))
                var filter = filter
                filter.input = UnsafePointer(threads[thread] - first)
                filter.input_row_stride = width * group
                filter.input_pixel_stride = group
                table.depthwise(&filter, 0, size.height, first, count)
            }
        }
        MatrixProduct.apply(
            filtered, rows: size.height * size.width, project.matrix, bias: project.bias.pointer,
            residual: hasResidual ? input : nil, into: output, pool: pool)
    }

    private func byRows(
        _ input: UnsafePointer<Float>, height: Int, width: Int, into output: UnsafeMutablePointer<Float>,
        scratch: Scratch, pool: ComputePool
    ) {
        let channels = depthwise.channels
        let stride = depthwise.stride
        let size = depthwise.outputSize(height: height, width: width)
        // The ring is cut into slabs of channels, and a slab is filtered as soon as its new rows are made.
        let slab = slabChannels
        let slabRow = width * slab
        let group = max(1, Self.rowGroup / (stride * slabRow))
        let ringRows = (group - 1) * stride + depthwise.kernel
        let slabCount = (channels + slab - 1) / slab
        let filteredRow = size.width * channels
        scratch.reserve(
            shared: 0, thread: slabCount * ringRows * slabRow + group * filteredRow, threads: pool.threadCount)
        let top = SamePadding(input: height, kernel: depthwise.kernel, stride: stride).before
        // Threads read the input, and write output rows of their own and memory of their own.
        nonisolated(unsafe) let threads = scratch.threads.map(\.pointer)
        nonisolated(unsafe) let (input, output) = (input, output)
        let table = depthwise.kernels.table.pointee
        // A stripe makes the rows that overlap with its neighbour's anew: few stripes, then.
        let stripes = pool.threadCount == 1 ? 1 : min(size.height, pool.threadCount)
        pool.parallelFor(stripes) { thread, range in
            let ring = threads[thread]
            let filtered = ring + slabCount * ringRows * slabRow
            for stripe in range {
                let end = size.height * (stripe + 1) / stripes
                var made = 0
                for y in Swift.stride(from: size.height * stripe / stripes, to: end, by: group) {
                    let rows = min(group, end - y)
                    var filter = self.depthwise.job(
                        input, height: height, width: width, into: filtered - y * filteredRow)
                    let first = max(made, y * stride - top)
                    made = min(height, (y + rows - 1) * stride - top + self.depthwise.kernel)
                    for index in 0..<slabCount {
                        let channel = index * slab
                        if self.makesRows {
                            let target = ring + index * ringRows * slabRow
                            self.make(
                                rows: first..<max(first, made), channel: channel, of: input, width: width,
                                ring: target, ringRows: ringRows, imageHeight: height)
                            filter.input = UnsafePointer(target - channel)
                            filter.input_row_stride = slabRow
                            filter.input_pixel_stride = slab
                            filter.input_rows = ringRows
                        }
                        table.depthwise(&filter, y, rows, channel, min(slab, channels - channel))
                    }
                    let outputs = self.project.matrix.outputs
                    var job = sensorium_product(
                        input: filtered, self.project.matrix, bias: self.project.bias.pointer, activation: .none,
                        residual: self.hasResidual ? input + y * size.width * outputs : nil,
                        output: output + y * size.width * outputs)
                    table.product(&job, 0, rows * size.width, 0, self.project.matrix.panelCount)
                }
            }
        }
    }

    private var makesRows: Bool {
        if case .input = source { false } else { true }
    }

    /// Channels of a slab. A full convolution makes all of its few channels at once.
    private var slabChannels: Int {
        if case .convolution(let convolution) = source { convolution.outputs } else { 2 * Int(SENSORIUM_PANEL) }
    }

    /// Puts rows of the depthwise convolution's input, for the slab that begins at `channel`, into its ring.
    private func make(
        rows: Range<Int>, channel: Int, of input: UnsafePointer<Float>, width: Int, ring: UnsafeMutablePointer<Float>,
        ringRows: Int, imageHeight: Int
    ) {
        let slabRow = width * slabChannels
        var row = rows.lowerBound
        while row < rows.upperBound {
            let target = ring + row % ringRows * slabRow
            switch source {
            case .input: return
            case .convolution(let convolution):
                convolution.row(
                    row, of: input, height: imageHeight * convolution.stride, width: width * convolution.stride,
                    into: target)
                row += 1
            case .expansion(let expand):
                // As many rows as lie together in the ring.
                let count = min(rows.upperBound - row, ringRows - row % ringRows)
                let panel = channel / Int(SENSORIUM_PANEL)
                var job = sensorium_product(
                    input: input + row * width * expand.matrix.inputs, expand.matrix, bias: expand.bias.pointer,
                    activation: .relu6, output: target - channel, outputStride: slabChannels)
                expand.matrix.kernels.table.pointee.product(
                    &job, 0, count * width, panel, min(2, expand.matrix.panelCount - panel))
                row += count
            }
        }
    }
}
