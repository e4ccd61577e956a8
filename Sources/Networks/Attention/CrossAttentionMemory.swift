import Checkpoint
import Tensor

/// What was encoded for texts to attend to: its keys and values in the cross-attention of every layer, computed once and shared
/// by all texts about it.
public final class CrossAttentionMemory {
    /// Tokens of what was encoded.
    public let tokens: Int
    private let width: Int
    /// [layers, tokens, k|v]
    private let keysValues: FloatBuffer

    init(tokens: Int, layers: Int, width: Int) {
        self.tokens = tokens
        self.width = width
        keysValues = FloatBuffer(count: layers * tokens * 2 * width)
    }

    /// Keys of `layer` [tokens, k|v]; the values stand `width` floats to the right.
    func keysValues(ofLayer layer: Int) -> UnsafeMutablePointer<Float> {
        keysValues.pointer + layer * tokens * 2 * width
    }
}

/// Cross-attention of one layer (Vaswani et al. 2017, 3.2.3): output(softmax(q · keysᵀ / √head) · values), keys and values those of a
/// memory.
struct MemoryAttention: Sendable {
    private let width: Int
    private let query: Linear
    private let keyValue: Linear
    private let output: Linear
    private let shape: AttentionShape

    /// New rows of a text, and what they are about.
    struct Text {
        let rows: Int
        let memory: CrossAttentionMemory
        /// Where the attention weights go [heads, rows, tokens]; nil where nobody wants to know them.
        var weights: UnsafeMutablePointer<Float>?
    }

    /// Reads the tensors.
    /// - Parameter memoryWidth: channels of what is encoded; nil for `width`.
    init(_ weights: Weights, _ names: SelfAttention.Names, width: Int, memoryWidth: Int? = nil, heads: Int) {
        self.width = width
        let (query, keyValue) = (names.projections[0], Array(names.projections.dropFirst()))
        self.query = weights.linear(query, width, width, storage: .smallest)
        self.keyValue = weights.linear(
            stacking: keyValue, memoryWidth ?? width, width, unbiased: names.unbiased)
        output = weights.linear(names.output, width, width, storage: .smallest)
        shape = weights.made(
            AttentionShape(heads: heads, headWidth: width / heads, keyStride: 2 * width, valueStride: 2 * width),
            orElse: .standIn)
    }

    /// Computes the keys and values of what was encoded [tokens, memory width].
    func encode(
        _ encoded: UnsafePointer<Float>, into memory: CrossAttentionMemory, layer: Int, pool: ComputePool
    ) {
        keyValue.apply(encoded, rows: memory.tokens, into: memory.keysValues(ofLayer: layer), pool: pool)
    }

    /// x [rows, width] → y [rows, width] = output(attention(x)) + residual. The rows of neighbours with the same memory ask it
    /// together.
    /// - Parameters:
    ///   - texts: those whose rows stand one below the other in x. One that wants weights asks by itself.
    ///   - queries: [rows, width], overwritten by the queries.
    ///   - mixed: [rows, width], overwritten; may be x, where that is not the residual.
    ///   - y: may be the residual.
    func apply(
        _ texts: [Text], layer: Int, _ x: UnsafePointer<Float>,
        queries: UnsafeMutablePointer<Float>, mixed: UnsafeMutablePointer<Float>, residual: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, pool: ComputePool
    ) {
        let rows = texts.reduce(0) { $0 + $1.rows }
        query.apply(x, rows: rows, into: queries, pool: pool)
        var sequences: [AttentionSequence] = []
        var (row, next) = (0, 0)
        while next < texts.count {
            let (memory, weights) = (texts[next].memory, texts[next].weights)
            var count = texts[next].rows
            next += 1
            while weights == nil, next < texts.count, texts[next].memory === memory, texts[next].weights == nil {
                count += texts[next].rows
                next += 1
            }
            let keys = memory.keysValues(ofLayer: layer)
            sequences.append(
                AttentionSequence(
                    query: queries + row * width, queryRows: count, keys: keys, values: keys + width,
                    keyRows: memory.tokens, into: mixed + row * width, weights: weights))
            row += count
        }
        attention(sequences, shape, pool: pool)
        output.apply(mixed, rows: rows, residual: residual, into: y, pool: pool)
    }
}
