import Checkpoint
import Tensor

/// The text tower of CLIP (Radford et al. 2021) and SigLIP (Zhai et al. 2023): token and position embeddings, pre-LN layers and a
/// norm; causal in CLIP. Of the last state one token is read.
public final class TextTransformer: Sendable {
    /// A text as the tower takes it.
    public struct Text: Sendable {
        /// Its tokens, at least one.
        public let ids: [Int32]
        /// Those that all tokens see.
        public let seen: Range<Int>
        /// The token whose state is the text's.
        public let read: Int

        /// A text of those members.
        public init(ids: [Int32], seen: Range<Int>, read: Int) {
            self.ids = ids
            self.seen = seen
            self.read = read
        }
    }

    private let shape: PreNormLayer.Shape
    private let width: Int
    private let isCausal: Bool
    private let words: EmbeddingTable
    /// [positions, d]
    private let positions: [Float]
    private let layers: [PreNormLayer]
    private let lastNorm: LayerNorm

    /// Reads the tensors of `text_model`.
    public init(_ weights: Weights, _ configuration: TextTransformerConfiguration, isCausal: Bool) {
        let width = configuration.hiddenSize
        self.width = width
        self.isCausal = isCausal
        let shape = PreNormLayer.Shape(
            width: width, heads: configuration.attentionHeads, inner: configuration.intermediateSize,
            activation: Activation(configuration.activation), epsilon: configuration.layerNormEpsilon)
        self.shape = shape
        words = weights.table("embeddings.token_embedding.weight", configuration.vocabularySize, width)
        positions = weights.floats("embeddings.position_embedding.weight", [configuration.maxPositions, width])
        layers = (0..<configuration.layers).map { PreNormLayer(weights["encoder.layers.\($0)"], shape, .clip) }
        lastNorm = weights.layerNorm("final_layer_norm", width, epsilon: configuration.layerNormEpsilon)
    }

    /// The most rows computed at once: texts beyond it wait.
    private static let rowsAtOnce = 1024

    /// Texts → the state [d] of the token that is read. An id outside the vocabulary, a text without tokens or with more than there
    /// are positions is the caller's mistake and stops the program.
    /// - Parameter pause: called after each layer; what is computed then must have a workspace of its own.
    public func states(
        _ texts: [Text], workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [[Float]] {
        RowSpans.batches(texts.map(\.ids.count), atMost: Self.rowsAtOnce).flatMap {
            encode(texts[$0], workspace, pool, pause)
        }
    }

    private func encode(
        _ texts: ArraySlice<Text>, _ workspace: Workspace, _ pool: ComputePool, _ pause: () -> Void
    ) -> [[Float]] {
        let rows = RowSpans(texts.map(\.ids.count))
        let wideCount = rows.total * PreNormLayer.wideWidth(shape)
        workspace.begin(rows.total * width, rows.total * width, wideCount)
        let x = workspace.take(rows.total * width)  // [rows, d]
        let normed = workspace.take(rows.total * width)  // [rows, d]
        let wide = workspace.take(wideCount)  // [rows, q|k|v], then [rows, inner]

        for (text, span) in zip(texts, rows.spans) {
            precondition(!text.ids.isEmpty && text.ids.count * width <= positions.count, "a text fits the positions")
            for (place, id) in text.ids.enumerated() {
                let row = x + (span.lowerBound + place) * width
                words.copyRow(Int(id), into: row)
                for channel in 0..<width { row[channel] += positions[place * width + channel] }
            }
        }
        let seen = texts.map(\.seen)
        for layer in layers {
            layer.apply(x, rows, seen: seen, isCausal: isCausal, normed: normed, wide: wide, pool: pool)
            pause()
        }
        return zip(texts, rows.spans).map { text, span in
            let state = x + (span.lowerBound + text.read) * width
            lastNorm.apply(state, rows: 1, into: state, pool: pool)
            return Array(UnsafeBufferPointer(start: state, count: width))
        }
    }
}
