import Checkpoint
import Tensor

/// Causal self-attention of a decoder, whose earlier tokens' keys and values are cached:
///
///     q|k|v = x · Wᵀ + b;  k and v join the cache;  output(softmax(q · keysᵀ / √head) · values)
///
/// There may be fewer heads of keys and values than of queries, each shared by as many neighbours (Ainslie et al. 2023).
struct CachedSelfAttention: Sendable {
    /// Floats of a row of q|k|v.
    let projectedWidth: Int
    /// Floats of a row's queries, and of what is mixed for them.
    let queryWidth: Int
    /// Floats of a row's keys, and of its values.
    let keyWidth: Int

    private let queryKeyValue: Linear
    private let output: Linear
    private let shape: AttentionShape

    /// Reads the tensors.
    /// - Parameters:
    ///   - width: channels of what comes and goes.
    ///   - keyHeads: heads of keys and values; nil for as many as of queries.
    ///   - headWidth: channels of a head; nil where the heads share out `width`.
    init(
        _ weights: Weights, _ names: SelfAttention.Names, width: Int, heads: Int, keyHeads: Int? = nil,
        headWidth: Int? = nil
    ) {
        let headWidth = headWidth ?? width / heads
        let (queryWidth, keyWidth) = (heads * headWidth, (keyHeads ?? heads) * headWidth)
        self.queryWidth = queryWidth
        self.keyWidth = keyWidth
        projectedWidth = queryWidth + 2 * keyWidth
        queryKeyValue = weights.linear(
            stacking: names.projections, width,
            outputs: names.projections.count == 1 ? [projectedWidth] : [queryWidth, keyWidth, keyWidth],
            unbiased: names.unbiased, storage: .smallest)
        output = weights.linear(
            names.output, queryWidth, width, bias: !names.unbiased.contains(names.output),
            storage: .smallest)
        shape = weights.made(
            AttentionShape(
                heads: heads, keyHeads: keyHeads, headWidth: headWidth, queryStride: queryWidth + 2 * keyWidth,
                keyStride: 2 * keyWidth, valueStride: 2 * keyWidth), orElse: .standIn)
    }

    /// The new tokens' x [rows, width] → y [rows, width] = output(attention(x)) + residual: each attends to all of its sequence's
    /// tokens up to itself, once the keys and values of the new ones have joined those of `layer` in its cache.
    /// - Parameters:
    ///   - projected: [rows, ``projectedWidth``], overwritten.
    ///   - mixed: [rows, ``queryWidth``], overwritten; may be x.
    ///   - y: may be the residual.
    ///   - prepare: changes queries and keys in place before the keys are cached: [rows, q|k|v], as positions by rotation do.
    func apply<Sequence>(
        _ inputs: [DecoderInput<Sequence>], layer: Int, _ x: UnsafePointer<Float>,
        projected: UnsafeMutablePointer<Float>, mixed: UnsafeMutablePointer<Float>,
        residual: UnsafePointer<Float>? = nil, into y: UnsafeMutablePointer<Float>, pool: ComputePool,
        prepare: (UnsafeMutablePointer<Float>) -> Void = { _ in }
    ) {
        let rows = DecoderInput.rows(inputs)
        queryKeyValue.apply(x, rows: rows, into: projected, pool: pool)
        prepare(projected)
        var row = 0
        let sequences = inputs.map { input in
            let (cache, count) = (input.sequence.cache, input.tokens.count)
            defer { row += count }
            let queries = projected + row * projectedWidth
            let keys = cache.append(queries + queryWidth, stride: projectedWidth, rows: count, layer: layer)
            return AttentionSequence(
                query: queries, queryRows: count, keys: keys, values: keys + keyWidth, keyRows: cache.length + count,
                causalOffset: cache.length, into: mixed + row * queryWidth)
        }
        attention(sequences, shape, pool: pool)
        output.apply(mixed, rows: rows, residual: residual, into: y, pool: pool)
    }
}
