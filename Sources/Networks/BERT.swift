import Checkpoint
import Tensor

/// BERT (Devlin et al. 2019) and the encoders made like it, as a sentence encoder: the mean of the last layer's tokens (Reimers &
/// Gurevych 2019), or those tokens themselves for heads.
///
/// The texts of a batch stand one below the other without padding: matrix products run over all rows at once, attention
/// within each text. So a text's embedding does not depend on the batch that it is in.
public final class BERT: Sendable {
    private let configuration: TextEncoder
    private let words: EmbeddingTable
    /// [positions, e]
    private let positions: [Float]
    /// [segments, e], of zeros where the family has none.
    private let segments: [Float]
    private let embeddingNorm: LayerNorm
    /// From the width of the embeddings to that of the layers, where they differ.
    private let projection: Linear?
    private let distances: DistanceBias?
    private let layers: [BERTLayer]

    /// Reads the tensors of our own text tower.
    public convenience init(_ weights: Weights, _ configuration: SensoriumConfiguration.TextTower) {
        self.init(weights, TextEncoder(configuration))
    }

    /// Reads the tensors, with Hugging Face's names.
    public init(_ weights: Weights, _ configuration: TextEncoder) {
        self.configuration = configuration
        let width = configuration.embeddingSize
        let embeddings = weights["embeddings"]
        words = embeddings.table("word_embeddings.weight", configuration.vocabularySize, width)
        segments =
            configuration.typeVocabularySize > 0
            ? embeddings.floats("token_type_embeddings.weight", [configuration.typeVocabularySize, width])
            : [Float](repeating: 0, count: width)
        positions = embeddings.floats("position_embeddings.weight", [configuration.maxPositions, width])
        embeddingNorm = embeddings.layerNorm("LayerNorm", width, epsilon: configuration.layerNormEpsilon)
        projection =
            width == configuration.hiddenSize
            ? nil : weights.linear("embeddings_project", width, configuration.hiddenSize)
        distances = configuration.distanceBuckets.map { DistanceBias(weights, configuration, buckets: $0) }
        layers = Self.layers(weights, configuration, count: configuration.layers)
    }

    /// A branch of `trunk`: its embeddings and first layers, which are shared, then layers of its own, the tensors
    /// `encoder.layer.0` and on.
    public init(_ weights: Weights, _ branch: SensoriumConfiguration.TextBranch, of trunk: BERT) {
        configuration = trunk.configuration
        words = trunk.words
        positions = trunk.positions
        segments = trunk.segments
        embeddingNorm = trunk.embeddingNorm
        projection = trunk.projection
        distances = trunk.distances
        layers =
            Array(trunk.layers.prefix(branch.fromLayer))
            + Self.layers(weights, trunk.configuration, count: branch.layers)
    }

    private static func layers(
        _ weights: Weights, _ configuration: TextEncoder, count: Int
    ) -> [BERTLayer] {
        let names = BERTLayer.Names(configuration.family)
        return (0..<count).map { BERTLayer(weights["\(names.layers).\($0)"], names, configuration) }
    }

    /// The most rows computed at once: texts beyond it wait, so that 16 texts of 256 tokens need 6 MB and not 25.
    private static let rowsAtOnce = 1024

    /// Token ids of several texts → their embeddings [d], not normalised. An id outside the vocabulary, a text without
    /// ids or one longer than the position table is the caller's mistake and stops the program.
    /// - Parameter pause: called after each layer; what is computed then must have a workspace of its own.
    public func embed(
        _ texts: [[Int32]], workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [[Float]] {
        let width = configuration.hiddenSize
        return encode(texts, [], workspace, pool, pause) { x, rows in
            [Float](unsafeUninitializedCapacity: width) { mean, initialized in
                // `width` is above 0, so that there is a base address.
                if let base = mean.baseAddress { meanPool(x, rows: rows, width: width, into: base) }
                initialized = width
            }
        }
    }

    /// Token ids of several texts → the last hidden state of each [tokens, d]. For ids see `embed`.
    /// - Parameters:
    ///   - segments: for each text the segment of each token; empty where all are the first. One that the model does not have is the
    ///     caller's mistake.
    ///   - first: of how many tokens at the beginning it is wanted; nil for all.
    public func hiddenStates(
        _ texts: [[Int32]], segments: [[Int32]] = [], first: Int? = nil, workspace: Workspace, pool: ComputePool,
        pause: () -> Void = {}
    ) -> [TowerTokens] {
        let width = configuration.hiddenSize
        return encode(texts, segments, workspace, pool, pause) { x, rows in
            let rows = min(rows, first ?? rows)
            return TowerTokens(
                tokens: rows, width: width, values: Array(UnsafeBufferPointer(start: x, count: rows * width)))
        }
    }

    /// What `read` makes of the last hidden state of each text.
    private func encode<Result>(
        _ texts: [[Int32]], _ segments: [[Int32]], _ workspace: Workspace, _ pool: ComputePool, _ pause: () -> Void,
        _ read: (UnsafePointer<Float>, _ rows: Int) -> Result
    ) -> [Result] {
        RowSpans.batches(texts.map(\.count), atMost: Self.rowsAtOnce).flatMap { batch in
            let spans = RowSpans(texts[batch].map(\.count))
            let x = run(texts[batch], segments.isEmpty ? [] : segments[batch], spans, workspace, pool, pause)
            return spans.spans.map { read(x + $0.lowerBound * configuration.hiddenSize, $0.count) }
        }
    }

    /// The last hidden state of some texts [rows, d]: memory of the workspace, valid until its next use.
    private func run(
        _ texts: ArraySlice<[Int32]>, _ segments: ArraySlice<[Int32]>, _ spans: RowSpans, _ workspace: Workspace,
        _ pool: ComputePool, _ pause: () -> Void
    ) -> UnsafeMutablePointer<Float> {
        let rows = spans.total
        let width = configuration.hiddenSize
        let inner = max(configuration.intermediateSize, configuration.embeddingSize)
        workspace.begin(rows * width, rows * width, rows * 3 * width, rows * inner)
        let x = workspace.take(rows * width)  // [rows, d]
        let mixed = workspace.take(rows * width)  // [rows, d]
        let queryKeyValue = workspace.take(rows * 3 * width)  // [rows, q|k|v]
        let hidden = workspace.take(rows * inner)  // [rows, inner]

        let embedded = projection == nil ? x : hidden
        lookUp(texts, segments, into: embedded)
        embeddingNorm.apply(embedded, rows: rows, into: embedded, pool: pool)
        projection?.apply(embedded, rows: rows, into: x, pool: pool)
        for layer in layers {
            layer.apply(
                x, spans, mixed: mixed, queryKeyValue: queryKeyValue, hidden: hidden, distances: distances, pool: pool)
            pause()
        }
        return x
    }

    /// x[row] = word + (position + segment)
    private func lookUp(
        _ texts: ArraySlice<[Int32]>, _ segments: ArraySlice<[Int32]>, into x: UnsafeMutablePointer<Float>
    ) {
        let width = configuration.embeddingSize
        var row = x
        for (place, ids) in texts.enumerated() {
            let room = configuration.maxPositions - configuration.firstPosition
            precondition(!ids.isEmpty && ids.count <= room, "a text has \(ids.count) tokens")
            var next = configuration.firstPosition
            for (token, id) in ids.enumerated() {
                var position = next
                next += 1
                // A padding token within a text stands at its own place and is not counted, as in the reference.
                if let padding = configuration.paddingIndex, id == padding {
                    position = padding
                    next -= 1
                }
                let segment = segments.isEmpty ? 0 : Int(segments[segments.startIndex + place][token])
                words.copyRow(Int(id), into: row)
                for column in 0..<width {
                    row[column] += positions[position * width + column] + self.segments[segment * width + column]
                }
                row += width
            }
        }
    }
}
