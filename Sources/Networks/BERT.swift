import Checkpoint
import Tensor

/// BERT (Devlin et al. 2019) as a sentence encoder: the mean of the last layer's tokens (Reimers & Gurevych 2019).
///
/// The texts of a batch stand one below the other without padding: matrix products run over all rows at once, attention
/// within each text. So a text's embedding does not depend on the batch that it is in.
public final class BERT: Sendable {
    private let configuration: SensoriumConfiguration.TextTower
    private let words: EmbeddingTable
    /// [positions, d] with the embedding of segment 0 already added.
    private let positions: [Float]
    private let embeddingNorm: LayerNorm
    private let layers: [Layer]
    private let attentionShape: AttentionShape

    private struct Layer: Sendable {
        let queryKeyValue: Linear
        let attentionOutput: Linear
        let attentionNorm: LayerNorm
        let intermediate: Linear
        let output: Linear
        let outputNorm: LayerNorm
    }

    /// Reads the tensors `text.*`, with Hugging Face's names.
    public init(_ checkpoint: Checkpoint, _ configuration: SensoriumConfiguration.TextTower) throws(CheckpointError) {
        self.configuration = configuration
        let width = configuration.hiddenSize
        attentionShape = AttentionShape(
            heads: configuration.attentionHeads, headWidth: width / configuration.attentionHeads,
            queryStride: 3 * width, keyStride: 3 * width, valueStride: 3 * width)
        words = EmbeddingTable(try checkpoint.tensor("text.embeddings.word_embeddings.weight"))
        let segment = try checkpoint.tensor("text.embeddings.token_type_embeddings.weight").floats()
        positions = try checkpoint.tensor("text.embeddings.position_embeddings.weight").floats().enumerated()
            .map { $0.element + segment[$0.offset % width] }
        let epsilon = configuration.layerNormEpsilon
        embeddingNorm = try LayerNorm(checkpoint, "text.embeddings.LayerNorm", epsilon: epsilon)
        var layers: [Layer] = []
        for index in 0..<configuration.layers {
            let name = "text.encoder.layer.\(index)"
            layers.append(
                Layer(
                    queryKeyValue: try Linear(
                        checkpoint, stacking: ["query", "key", "value"].map { "\(name).attention.self.\($0)" }),
                    attentionOutput: try Linear(checkpoint, "\(name).attention.output.dense"),
                    attentionNorm: try LayerNorm(checkpoint, "\(name).attention.output.LayerNorm", epsilon: epsilon),
                    intermediate: try Linear(checkpoint, "\(name).intermediate.dense"),
                    output: try Linear(checkpoint, "\(name).output.dense"),
                    outputNorm: try LayerNorm(checkpoint, "\(name).output.LayerNorm", epsilon: epsilon)))
        }
        self.layers = layers
    }

    /// The tensors that `configuration` needs.
    public static func requirements(_ configuration: SensoriumConfiguration.TextTower) -> [TensorRequirement] {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let embeddings = "text.embeddings"
        var all = [
            TensorRequirement("\(embeddings).word_embeddings.weight", [configuration.vocabularySize, width]),
            TensorRequirement("\(embeddings).position_embeddings.weight", [configuration.maxPositions, width]),
            TensorRequirement("\(embeddings).token_type_embeddings.weight", [configuration.typeVocabularySize, width]),
        ]
        all += LayerNorm.requirements("\(embeddings).LayerNorm", width: width)
        for index in 0..<configuration.layers {
            let name = "text.encoder.layer.\(index)"
            for part in ["self.query", "self.key", "self.value", "output.dense"] {
                all += Linear.requirements("\(name).attention.\(part)", outputs: width, inputs: width)
            }
            all += LayerNorm.requirements("\(name).attention.output.LayerNorm", width: width)
            all += Linear.requirements("\(name).intermediate.dense", outputs: inner, inputs: width)
            all += Linear.requirements("\(name).output.dense", outputs: width, inputs: inner)
            all += LayerNorm.requirements("\(name).output.LayerNorm", width: width)
        }
        return all
    }

    /// The most rows computed at once: texts beyond it wait, so that 16 texts of 256 tokens need 6 MB and not 25.
    private static let rowsAtOnce = 1024

    /// Token ids of several texts → their embeddings [d], not normalised. An id outside the vocabulary, a text without
    /// ids or one longer than the position table is the caller's mistake and stops the program.
    public func embed(_ texts: [[Int32]], workspace: Workspace, pool: ComputePool) -> [[Float]] {
        var embeddings: [[Float]] = []
        embeddings.reserveCapacity(texts.count)
        var first = 0
        while first < texts.count {
            var last = first
            var rows = 0
            repeat {
                rows += texts[last].count
                last += 1
            } while last < texts.count && rows + texts[last].count <= Self.rowsAtOnce
            embeddings += embed(texts[first..<last], rows: rows, workspace, pool)
            first = last
        }
        return embeddings
    }

    private func embed(
        _ texts: ArraySlice<[Int32]>, rows: Int, _ workspace: Workspace, _ pool: ComputePool
    ) -> [[Float]] {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        workspace.begin(rows * width, rows * width, rows * 3 * width, rows * inner)
        let x = workspace.take(rows * width)  // [rows, d]
        let mixed = workspace.take(rows * width)  // [rows, d]
        let queryKeyValue = workspace.take(rows * 3 * width)  // [rows, q|k|v]
        let hidden = workspace.take(rows * inner)  // [rows, inner]

        lookUp(texts, into: x)
        embeddingNorm.apply(x, rows: rows, into: x, pool: pool)
        for layer in layers {
            layer.queryKeyValue.apply(x, rows: rows, into: queryKeyValue, pool: pool)
            attend(texts, queryKeyValue, into: mixed, pool)
            layer.attentionOutput.apply(mixed, rows: rows, residual: x, into: x, pool: pool)
            layer.attentionNorm.apply(x, rows: rows, into: x, pool: pool)
            layer.intermediate.apply(x, rows: rows, activation: .gelu, into: hidden, pool: pool)
            layer.output.apply(hidden, rows: rows, residual: x, into: x, pool: pool)
            layer.outputNorm.apply(x, rows: rows, into: x, pool: pool)
        }
        var row = 0
        return texts.map { ids in
            defer { row += ids.count }
            return [Float](unsafeUninitializedCapacity: width) { mean, initialized in
                // `width` is above 0, so that there is a base address.
                if let base = mean.baseAddress { meanPool(x + row * width, rows: ids.count, width: width, into: base) }
                initialized = width
            }
        }
    }

    /// x[row] = word + position + segment
    private func lookUp(_ texts: ArraySlice<[Int32]>, into x: UnsafeMutablePointer<Float>) {
        let width = configuration.hiddenSize
        var row = x
        for ids in texts {
            precondition(!ids.isEmpty && ids.count <= configuration.maxPositions, "a text has \(ids.count) tokens")
            for (position, id) in ids.enumerated() {
                words.copyRow(Int(id), into: row)
                for column in 0..<width { row[column] += positions[position * width + column] }
                row += width
            }
        }
    }

    /// softmax(q · kᵀ / √head) · v of each text by itself
    private func attend(
        _ texts: ArraySlice<[Int32]>, _ queryKeyValue: UnsafePointer<Float>, into mixed: UnsafeMutablePointer<Float>,
        _ pool: ComputePool
    ) {
        let width = configuration.hiddenSize
        var row = 0
        let sequences = texts.map { ids in
            defer { row += ids.count }
            let start = queryKeyValue + row * 3 * width
            return AttentionSequence(
                query: start, queryRows: ids.count, keys: start + width, values: start + 2 * width,
                keyRows: ids.count, into: mixed + row * width)
        }
        attention(sequences, attentionShape, pool: pool)
    }
}
