import CKernels

/// One sequence's part in `attention`: pointers at its first row and first head.
public struct AttentionSequence {
    /// [queryRows, heads · headWidth]
    public var query: UnsafePointer<Float>
    /// Queries.
    public var queryRows: Int
    /// [keyRows, keyHeads · headWidth] each. Rows past `keyRows`, padding, are never read.
    public var keys: UnsafePointer<Float>, values: UnsafePointer<Float>
    /// Keys that count.
    public var keyRows: Int
    /// nil: every query sees all keys. Else query row i sees keys 0...causalOffset + i.
    public var causalOffset: Int?
    /// [queryRows, heads · headWidth]
    public var output: UnsafeMutablePointer<Float>
    /// If wanted, [heads, queryRows, keyRows] attention weights.
    public var weights: UnsafeMutablePointer<Float>?
    /// What is added to the scaled products before the softmax; nil for nothing.
    public var bias: AttentionBias?

    /// A sequence of `queryRows` queries over `keyRows` keys.
    public init(
        query: UnsafePointer<Float>, queryRows: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
        keyRows: Int,
        causalOffset: Int? = nil, into output: UnsafeMutablePointer<Float>, weights: UnsafeMutablePointer<Float>? = nil,
        bias: AttentionBias? = nil
    ) {
        self.bias = bias
        self.query = query
        self.queryRows = queryRows
        self.keys = keys
        self.values = values
        self.keyRows = keyRows
        self.causalOffset = causalOffset
        self.output = output
        self.weights = weights
    }
}

/// What the scores of one sequence are raised by: `values[head · headStride + query · queryStride + key]`.
public struct AttentionBias {
    /// That of the first head, query and key.
    public var values: UnsafePointer<Float>
    /// Floats from one head to the next.
    public var headStride: Int
    /// Floats from one query to the next: -1 where it depends on the distance from query to key alone, of which a row then has
    /// one value for each.
    public var queryStride: Int

    /// A bias of those members.
    public init(_ values: UnsafePointer<Float>, headStride: Int, queryStride: Int) {
        self.values = values
        self.headStride = headStride
        self.queryStride = queryStride
    }
}

/// What all sequences of one `attention` call share. Strides are floats from one row to the next: if nil, rows of nothing
/// but their heads.
public struct AttentionShape: Sendable {
    /// Heads of queries, side by side in a row.
    public var heads: Int
    /// Heads of keys and values, each shared by as many neighbouring heads of queries (Ainslie et al. 2023).
    public var keyHeads: Int
    /// Channels of a head, a multiple of 4. Of 32 and 64 there is code of its own.
    public var headWidth: Int
    /// Floats from one row to the next.
    public var queryStride: Int, keyStride: Int, valueStride: Int, outputStride: Int
    /// Factor of query · key; 1/√headWidth if nil.
    public var scale: Float

    /// `heads` heads of `headWidth` channels; `keyHeads` nil: as many of keys and values.
    public init(
        heads: Int, keyHeads: Int? = nil, headWidth: Int, queryStride: Int? = nil, keyStride: Int? = nil,
        valueStride: Int? = nil, outputStride: Int? = nil, scale: Float? = nil
    ) {
        let keyHeads = keyHeads ?? heads
        precondition(headWidth > 0 && headWidth % 4 == 0, "heads of \(headWidth) channels, not of a multiple of 4")
        precondition(keyHeads > 0 && heads % keyHeads == 0, "\(heads) heads cannot share \(keyHeads) of keys evenly")
        let width = heads * headWidth
        self.heads = heads
        self.keyHeads = keyHeads
        self.headWidth = headWidth
        self.queryStride = queryStride ?? width
        self.keyStride = keyStride ?? keyHeads * headWidth
        self.valueStride = valueStride ?? keyHeads * headWidth
        self.outputStride = outputStride ?? width
        self.scale = scale ?? 1 / Float(headWidth).squareRoot()
    }
}

/// Scaled dot-product attention of several heads (Vaswani et al. 2017, 3.2) over sequences of their own lengths:
/// softmax(scale · query · keysᵀ) · values. A sequence's result does not depend on the others.
public func attention(
    _ sequences: [AttentionSequence], _ shape: AttentionShape, pool: ComputePool, kernels: KernelSet = .best
) {
    let table = kernels.table.pointee
    // Tasks are (sequence, head) pairs, in blocks of query rows where there are many.
    let rowBlock = 256
    let longest = sequences.reduce(0) { max($0, $1.queryRows) }
    let blocks = max(1, (longest + rowBlock - 1) / rowBlock)
    // Few query rows are not worth turning the keys for. Whether they are depends on the sequence alone, so that its
    // result does, too.
    let manyRows = 8
    let scratch = sequences.reduce(32) {
        max(
            $0,
            ($1.keyRows + 31) / 32 * 32
                * ($1.queryRows >= manyRows ? 2 * shape.headWidth + Int(table.attention_rows) : 1))
    }
    let work = sequences.reduce(0) { $0 + $1.queryRows * $1.keyRows } * shape.heads * shape.headWidth
    let count = sequences.count * shape.heads * blocks
    let grain = work < 100_000 ? count : max(1, count * 50_000 / work)
    // Threads read the sequences, and write the rows and heads of their own tasks.
    nonisolated(unsafe) let sequences = sequences
    pool.parallelFor(count, grain: grain) { range in
        // Vectors that begin where lines of cache do are read in one piece.
        withUnsafeTemporaryAllocation(byteCount: scratch * 4, alignment: 64) { bytes in
            let scores = bytes.bindMemory(to: Float.self)
            for task in range {
                let sequence = sequences[task / (shape.heads * blocks)]
                let head = task / blocks % shape.heads
                let first = task % blocks * rowBlock
                guard first < sequence.queryRows else { continue }
                let channel = head * shape.headWidth
                let keyChannel = head / (shape.heads / shape.keyHeads) * shape.headWidth
                var job = sensorium_attention(
                    query: sequence.query + channel, keys: sequence.keys + keyChannel,
                    values: sequence.values + keyChannel,
                    query_stride: shape.queryStride, key_stride: shape.keyStride, value_stride: shape.valueStride,
                    key_rows: sequence.keyRows, causal_offset: sequence.causalOffset ?? -1,
                    head_width: shape.headWidth, transposes: sequence.queryRows >= manyRows, scale: shape.scale,
                    scores: scores.baseAddress,
                    weights: sequence.weights.map { $0 + head * sequence.queryRows * sequence.keyRows },
                    weights_stride: sequence.keyRows,
                    bias: sequence.bias.map { $0.values + head * $0.headStride },
                    bias_stride: sequence.bias?.queryStride ?? 0, output: sequence.output + channel,
                    output_stride: shape.outputStride)
                table.attention(&job, first, min(rowBlock, sequence.queryRows - first))
            }
        }
    }
}

/// Attention of one sequence; see `AttentionSequence` and `AttentionShape` for the parameters.
public func attention(
    query: UnsafePointer<Float>, queryRows: Int, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, keyRows: Int,
    shape: AttentionShape, causalOffset: Int? = nil, into output: UnsafeMutablePointer<Float>,
    weights: UnsafeMutablePointer<Float>? = nil, pool: ComputePool, kernels: KernelSet = .best
) {
    let sequence = AttentionSequence(
        query: query, queryRows: queryRows, keys: keys, values: values, keyRows: keyRows, causalOffset: causalOffset,
        into: output, weights: weights)
    attention([sequence], shape, pool: pool, kernels: kernels)
}
