import Checkpoint
import Tensor

/// BLIP's text encoder (Li et al. 2022): a BERT that may attend to a picture in every layer.
///
///     h = norm(word + position)
///     h = norm(h + selfAttention(h)); h = norm(h + crossAttention(h, picture)); h = norm(h + feedForward(h))     per layer
///
/// Texts stand one below the other without padding: what one gets does not depend on the others.
public final class BLIPTextEncoder: Sendable {
    /// Channels of a token.
    public let width: Int
    private let inner: Int
    private let embedding: BLIPTextEmbedding
    private let layers: [BLIPTextLayer<SelfAttention>]

    /// Reads the tensors of `text_encoder`.
    /// - Parameter pictureWidth: channels of a picture's tokens.
    public init(_ weights: Weights, _ configuration: BLIPTextConfiguration, pictureWidth: Int) {
        let (width, heads) = (configuration.hiddenSize, configuration.attentionHeads)
        self.width = width
        inner = configuration.intermediateSize
        embedding = BLIPTextEmbedding(weights["embeddings"], configuration)
        layers = (0..<configuration.layers).map { index in
            BLIPTextLayer(weights["encoder.layer.\(index)"], configuration, memoryWidth: pictureWidth) {
                SelfAttention($0, $1, width: width, heads: heads)
            }
        }
    }

    /// What texts attend to of a picture's tokens.
    /// - Parameter pause: called after each layer.
    public func memory(
        of picture: TowerTokens, pool: ComputePool, pause: () -> Void = {}
    ) -> CrossAttentionMemory {
        let memory = CrossAttentionMemory(tokens: picture.tokens, layers: layers.count, width: width)
        for (index, layer) in layers.enumerated() {
            layer.crossAttention.encode(picture.values, into: memory, layer: index, pool: pool)
            pause()
        }
        return memory
    }

    /// The most rows computed at once: texts beyond it wait.
    private static let rowsAtOnce = 1024

    /// Token ids of texts → the last hidden state of each [tokens, d]. An id outside the vocabulary, a text without ids or one longer
    /// than the position table is the caller's mistake and stops the program.
    /// - Parameters:
    ///   - memories: the picture of each text; nil where texts are read by themselves, without cross-attention.
    ///   - pause: called after each layer; what is computed then must have a workspace of its own.
    public func hiddenStates(
        _ texts: [[Int32]], about memories: [CrossAttentionMemory]? = nil, workspace: Workspace, pool: ComputePool,
        pause: () -> Void = {}
    ) -> [TowerTokens] {
        precondition(memories.map { $0.count == texts.count } ?? true, "each text has a picture, or none has")
        return RowSpans.batches(texts.map(\.count), atMost: Self.rowsAtOnce).flatMap {
            encode(texts[$0], memories?[$0], workspace, pool, pause)
        }
    }

    private func encode(
        _ texts: ArraySlice<[Int32]>, _ memories: ArraySlice<CrossAttentionMemory>?, _ workspace: Workspace,
        _ pool: ComputePool, _ pause: () -> Void
    ) -> [TowerTokens] {
        let spans = RowSpans(texts.map(\.count))
        let rows = spans.total
        let wideCount = rows * max(3 * width, inner)
        workspace.begin(rows * width, rows * width, wideCount)
        let x = workspace.take(rows * width)  // [rows, d]
        let mixed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(wideCount)  // [rows, q|k|v], [rows, q], [rows, inner]

        for (text, span) in zip(texts, spans.spans) {
            precondition(!text.isEmpty, "a text has no tokens")
            embedding.tokens.lookUp(text, into: x + span.lowerBound * width)
        }
        embedding.norm.apply(x, rows: rows, into: x, pool: pool)
        let asked = memories.map { zip(spans.spans, $0).map { MemoryAttention.Text(rows: $0.count, memory: $1) } }
        for (index, layer) in layers.enumerated() {
            layer.attention.apply(x, spans, queryKeyValue: wide, mixed: mixed, residual: x, into: x, pool: pool)
            layer.attentionNorm.apply(x, rows: rows, into: x, pool: pool)
            if let asked {
                layer.attend(asked, layer: index, x, rows: rows, mixed: mixed, wide: wide, pool: pool)
            }
            layer.feedForward(x, rows: rows, wide: wide, pool: pool)
            pause()
        }
        return spans.spans.map { span in
            TowerTokens(
                tokens: span.count, width: width,
                values: Array(UnsafeBufferPointer(start: x + span.lowerBound * width, count: span.count * width)))
        }
    }
}
