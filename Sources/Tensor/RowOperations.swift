import CKernels

/// Layer normalisation of each row (Ba, Kiros, Hinton 2016):
/// (x - mean) / √(variance + epsilon) · weight + bias, over [rows, width]. `output` may be `x`.
/// - Parameters stride, outputStride: floats from one row to the next; `width` if nil.
public func layerNorm(
    _ x: UnsafePointer<Float>, stride: Int? = nil, rows: Int, width: Int, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, epsilon: Float, into output: UnsafeMutablePointer<Float>, outputStride: Int? = nil,
    pool: ComputePool, kernels: KernelSet = .best
) {
    // Each thread reads and writes its own rows; weight and bias are only read.
    nonisolated(unsafe) let (x, weight, bias, output) = (x, weight, bias, output)
    let table = kernels.table.pointee
    pool.parallelFor(rows, grain: max(1, 32_768 / width)) { range in
        for row in range {
            table.layer_norm(
                x + row * (stride ?? width), weight, bias, epsilon, width, output + row * (outputStride ?? width))
        }
    }
}

/// Normalisation of each row by its root mean square (Zhang & Sennrich 2019):
/// x / √(mean of squares + epsilon) · weight, over [rows, width]. `output` may be `x`.
public func rmsNorm(
    _ x: UnsafePointer<Float>, rows: Int, width: Int, weight: UnsafePointer<Float>, epsilon: Float,
    into output: UnsafeMutablePointer<Float>, pool: ComputePool, kernels: KernelSet = .best
) {
    // Each thread reads and writes its own rows; the weight is only read.
    nonisolated(unsafe) let (x, weight, output) = (x, weight, output)
    let table = kernels.table.pointee
    pool.parallelFor(rows, grain: max(1, 32_768 / width)) { range in
        for row in range { table.rms_norm(x + row * width, weight, epsilon, width, output + row * width) }
    }
}

/// Softmax of each row of [rows, width]; minus infinity gets probability zero. `output` may be `x`.
public func softmax(
    _ x: UnsafePointer<Float>, rows: Int, width: Int, into output: UnsafeMutablePointer<Float>, pool: ComputePool,
    kernels: KernelSet = .best
) {
    // Each thread reads and writes its own rows.
    nonisolated(unsafe) let (x, output) = (x, output)
    let table = kernels.table.pointee
    pool.parallelFor(rows, grain: max(1, 16_384 / width)) { range in
        for row in range { table.softmax(x + row * width, width, output + row * width) }
    }
}

/// log Σ exp(x) over `count` values, without overflow: a log-probability is a logit minus this.
public func logSumExp(_ x: UnsafePointer<Float>, count: Int, kernels: KernelSet = .best) -> Float {
    kernels.table.pointee.log_sum_exp(x, count)
}

/// x/2 · (1 + erf(x/√2)) in place.
public func gelu(_ x: UnsafeMutablePointer<Float>, count: Int, kernels: KernelSet = .best) {
    kernels.table.pointee.gelu(x, count)
}

/// 1 / (1 + exp(-x)) in place.
public func sigmoid(_ x: UnsafeMutablePointer<Float>, count: Int, pool: ComputePool, kernels: KernelSet = .best) {
    inParts(x, count, pool) { [table = kernels.table.pointee] in table.sigmoid($0, $1) }
}

/// x / (1 + exp(-x)) in place (Ramachandran et al. 2017).
public func swish(_ x: UnsafeMutablePointer<Float>, count: Int, pool: ComputePool, kernels: KernelSet = .best) {
    inParts(x, count, pool) { [table = kernels.table.pointee] in table.swish($0, $1) }
}

/// max(x, 0) in place.
public func relu(_ x: UnsafeMutablePointer<Float>, count: Int, pool: ComputePool) {
    inParts(x, count, pool) { x, count in
        for index in 0..<count { x[index] = max(x[index], 0) }
    }
}

/// x/2 · (1 + erf(x/√2)) in place, by all threads.
public func gelu(_ x: UnsafeMutablePointer<Float>, count: Int, pool: ComputePool, kernels: KernelSet = .best) {
    inParts(x, count, pool) { [table = kernels.table.pointee] in table.gelu($0, $1) }
}

/// The first half of each row opens the second (SwiGLU, Shazeer 2020): x[i] = x[i] / (1 + exp(-x[i])) · x[i + inner], over
/// [rows, 2 · inner], in place of the first half.
public func swishGate(
    _ x: UnsafeMutablePointer<Float>, rows: Int, inner: Int, pool: ComputePool, kernels: KernelSet = .best
) {
    // Each thread reads and writes its own rows.
    nonisolated(unsafe) let x = x
    let table = kernels.table.pointee
    pool.parallelFor(rows, grain: max(1, 16_384 / inner)) { range in
        for row in range {
            let opens = x + row * 2 * inner
            table.swish(opens, inner)
            for channel in 0..<inner { opens[channel] *= opens[inner + channel] }
        }
    }
}

/// scale · x/6 · min(max(x + 3, 0), 6) + shift in place (Howard et al. 2019, with a scale and a shift).
public func hardSwish(
    _ x: UnsafeMutablePointer<Float>, count: Int, scale: Float = 1, shift: Float = 0, pool: ComputePool,
    kernels: KernelSet = .best
) {
    inParts(x, count, pool) { [table = kernels.table.pointee] in table.hard_swish($0, $1, scale, shift) }
}

/// Hands parts of [count] to threads. Parts are whole numbers of vectors, so that no element depends on how many there are.
private func inParts(
    _ x: UnsafeMutablePointer<Float>, _ count: Int, _ pool: ComputePool,
    _ body: @Sendable (UnsafeMutablePointer<Float>, Int) -> Void
) {
    let part = 16_384
    // Each thread reads and writes parts of its own.
    nonisolated(unsafe) let x = x
    pool.parallelFor((count + part - 1) / part, grain: 2) { range in
        for index in range { body(x + index * part, min(part, count - index * part)) }
    }
}

/// The mean of `rows` rows of [rows, width] → [width], summed in the order of the rows.
public func meanPool(
    _ x: UnsafePointer<Float>, stride: Int? = nil, rows: Int, width: Int, into output: UnsafeMutablePointer<Float>
) {
    for i in 0..<width { output[i] = x[i] }
    for row in 1..<max(1, rows) {
        let values = x + row * (stride ?? width)
        for i in 0..<width { output[i] += values[i] }
    }
    let scale = 1 / Float(rows)
    for i in 0..<width { output[i] *= scale }
}

/// Scales `count` values to Euclidean length 1; zeros stay zeros.
public func normalizeLength(_ x: UnsafeMutablePointer<Float>, count: Int) {
    var sum: Float = 0
    for i in 0..<count { sum += x[i] * x[i] }
    guard sum > 0 else { return }
    let scale = 1 / sum.squareRoot()
    for i in 0..<count { x[i] *= scale }
}
