import CImageCodecs

/// Resizes an image while its rows come, to every bit of what ``PixelImage/resized(width:height:_:)`` makes of the whole upright
/// image, of which it keeps no more than what the first of the two passes leaves.
///
/// Rows come as they are stored. An image that has to be turned is resized as it lies, each side with the weights of the side
/// that it will be, and turned at the end: the sums are the same, added up in another order.
struct RowResizer {
    /// What is made of an image that lies, and what that takes.
    struct Plan {
        let width: Int, height: Int, newWidth: Int, newHeight: Int
        let turn: Orientation
        /// Whether columns are resized before rows, which shows in the rounding between the two.
        let columnsFirst: Bool

        /// A `width` × `height` image, as stored, becomes one of `size`, as it stands upright.
        init(_ width: Int, _ height: Int, _ turn: Orientation, _ size: (width: Int, height: Int)) {
            self.width = width
            self.height = height
            self.turn = turn
            let upright = turn.swapsSides ? (width: height, height: width) : (width: width, height: height)
            let standing = PixelImage.resizesColumnsFirst(from: upright, to: size)
            (newWidth, newHeight) = turn.swapsSides ? (size.height, size.width) : size
            // Where one side keeps its length there is one pass, and the first is the one that keeps less.
            columnsFirst =
                newWidth == width ? newHeight < height : newHeight != height && standing != turn.swapsSides
        }

        var firstPassBytes: Int { (columnsFirst ? width * newHeight : newWidth * height) * 3 }

        private var hasSecondPass: Bool { columnsFirst ? newWidth != width : newHeight != height }

        /// The most memory that it takes at any moment, a copy of what becomes of the image for whoever asked included.
        var memory: Int {
            // No filter reaches further than three pixels of the result to each side: seven sums of a column are open.
            let sums = columnsFirst ? width * 3 * MemoryLayout<UInt32>.size * 7 : 0
            let result = newWidth * newHeight * 3
            let results = (hasSecondPass ? result : 0) + (turn == .topLeft ? 0 : result)
            return firstPassBytes + max(sums, results) + result
        }
    }

    private let plan: Plan
    private let across: ResamplingWeights?, down: ResamplingWeights?
    private var rowsTaken = 0
    private var firstPass: [UInt8] = []
    /// Sums of the rows of the first pass that are not complete, in turns, and the first of these rows.
    private var sums: [[UInt32]] = []
    private var firstOpen = 0

    init(_ plan: Plan, _ filter: Resampling) {
        self.plan = plan
        func weights(_ from: Int, _ to: Int, reversed: Bool) -> ResamplingWeights? {
            guard from != to else { return nil }
            let weights = ResamplingWeights(from: from, to: to, filter)
            return reversed ? weights.reversed(inputs: from) : weights
        }
        across = weights(plan.width, plan.newWidth, reversed: plan.turn.reversesColumns)
        down = weights(plan.height, plan.newHeight, reversed: plan.turn.reversesRows)
        firstPass.reserveCapacity(plan.firstPassBytes)
    }

    /// Takes the next `count` rows, which stand at `rows`.
    mutating func take(_ rows: UnsafePointer<UInt8>, _ count: Int) {
        let width = plan.width
        if plan.columnsFirst, let down {
            for row in 0..<count { add(rows + row * width * 3, to: down) }
        } else if let across {
            append(count * plan.newWidth * 3) { target in
                across.withWeights { codec_resample_rows(rows, Int32(width), Int32(count), $0, 0, target) }
            }
        } else {
            firstPass += UnsafeBufferPointer(start: rows, count: count * width * 3)
        }
        if !plan.columnsFirst { rowsTaken += count }
    }

    /// Adds a row to every sum that it has a part in.
    private mutating func add(_ row: UnsafePointer<UInt8>, to down: ResamplingWeights) {
        let bytes = plan.width * 3
        // Starts and ends grow from one output to the next, so that sums are opened and completed in order.
        while firstOpen + sums.count < plan.newHeight, Int(down.starts[firstOpen + sums.count]) <= rowsTaken {
            sums.append([UInt32](repeating: 1 << UInt32(codec_weight_bits - 1), count: bytes))
        }
        for open in sums.indices {
            let output = firstOpen + open
            let tap = rowsTaken - Int(down.starts[output])
            guard tap < Int(down.counts[output]) else { continue }
            codec_add_row(&sums[open], row, bytes, down.weights[output * down.stride + tap])
        }
        rowsTaken += 1
        while let complete = sums.first, Int(down.starts[firstOpen] + down.counts[firstOpen]) <= rowsTaken {
            append(bytes) { codec_round_row(complete, bytes, $0) }
            sums.removeFirst()
            firstOpen += 1
        }
    }

    private mutating func append(_ bytes: Int, _ write: (UnsafeMutablePointer<UInt8>?) -> Void) {
        // `write` fills all of it.
        firstPass += [UInt8](unsafeUninitializedCapacity: bytes) { target, initialized in
            write(target.baseAddress)
            initialized = bytes
        }
    }

    /// The upright image.
    /// - Precondition: every row of the image was taken.
    consuming func image() -> PixelImage {
        precondition(rowsTaken == plan.height, "an image is resized when all of its rows are there")
        let second = plan.columnsFirst ? across : down
        guard let second else {
            return PixelImage(width: plan.newWidth, height: plan.newHeight, pixels: firstPass).upright(plan.turn)
        }
        let count = plan.newWidth * plan.newHeight * 3
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            firstPass.withUnsafeBufferPointer { source in
                second.withWeights {
                    if plan.columnsFirst {
                        codec_resample_rows(
                            source.baseAddress, Int32(plan.width), Int32(plan.newHeight), $0, 0, target.baseAddress)
                    } else {
                        codec_resample_columns(source.baseAddress, plan.newWidth * 3, $0, 0, target.baseAddress)
                    }
                }
            }
            initialized = count
        }
        return PixelImage(width: plan.newWidth, height: plan.newHeight, pixels: pixels).upright(plan.turn)
    }
}
