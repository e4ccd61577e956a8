import Checkpoint
import Networks
import Tensor
import Tokenizer

/// A published BERT that turns sentences into vectors, ready to answer.
public final class SentenceModel: Sendable {
    /// The name of its folder.
    public let name: String
    /// "sha256:…" over configuration, tensors and tokenizer.
    public let digest: String
    /// The number of weights.
    public let parameters: Int
    /// What most of them are stored in: "f32", "f16" or "bf16".
    public let precision: String
    /// Numbers of a vector.
    public let dimensions: Int
    /// How texts are prepared.
    public let textPreparation: TextPreparation

    private let network: BERT
    private let pooling: SentenceConfiguration.Pooling
    private let compute: Compute

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError` or `TokenizerError`.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> SentenceModel {
        try SentenceModel(folder, compute: compute)
    }

    private init(_ checkpoint: Checkpoint, compute: Compute) throws {
        let configuration = try SentenceConfiguration(checkpoint)
        let weights = Weights(checkpoint)
        // A model with a head on it, such as one of masked words, has the encoder under a name.
        network = BERT(
            weights.has("embeddings.word_embeddings.weight") ? weights : weights["bert"], configuration.encoder)
        try weights.finish(ignoring: ["position_ids", "pooler", "cls"])
        let tokenizer = try Tokenizer(folder: checkpoint.directory)
        try tokenizer.requireIDs(below: configuration.encoder.vocabularySize)
        let (limit, lowercases) = (configuration.encoder.maxTokens, configuration.lowercases)
        textPreparation = TextPreparation(maxTokens: limit) { text in
            tokenizer.encode(lowercases ? text.lowercased() : text, maxTokens: limit)
        }
        guard !textPreparation.encode("").ids.isEmpty else {
            throw TaskError.inconsistentModel(
                "the tokenizer puts no special tokens around a text, so an empty one has none")
        }
        name = checkpoint.folderName
        digest = checkpoint.digest
        parameters = weights.parameterCount
        precision = checkpoint.precision
        dimensions = configuration.encoder.hiddenSize
        pooling = configuration.pooling
        self.compute = compute
        // What is packed is not read again; rows of the embeddings come back page by page.
        checkpoint.releaseMapping()
    }

    /// The space of its vectors: that of texts alone.
    public var space: EmbeddingSpace {
        EmbeddingSpace(
            dimensions: dimensions, inputs: [PartSpec(part: "text", tower: "text", .text(textPreparation))])
    }

    /// The last hidden state of each text [tokens, d].
    public func encode(_ texts: [Tokenizer.Encoding], pause: () -> Void = {}) -> [TowerTokens] {
        compute.take {
            network.hiddenStates(texts.map(\.ids), workspace: $0.workspace, pool: compute.pool, pause: pause)
        }
    }

    /// The vector of a text, of length 1; one of length 0 stays.
    public func vector(of tokens: TowerTokens) -> [Float] {
        let pooled = pooled(tokens)
        let length = pooled.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? pooled.map { Float(Double($0) / length) } : pooled
    }

    private func pooled(_ tokens: TowerTokens) -> [Float] {
        let width = tokens.width
        switch pooling {
        case .cls: return Array(tokens.values.prefix(width))
        case .max:
            return (0..<width).map { column in
                stride(from: column, to: tokens.values.count, by: width).map { tokens.values[$0] }.max() ?? 0
            }
        case .mean:
            return [Float](unsafeUninitializedCapacity: width) { mean, initialized in
                // `width` is above 0, so that there is a base address.
                if let base = mean.baseAddress {
                    meanPool(tokens.values, rows: tokens.tokens, width: width, into: base)
                }
                initialized = width
            }
        }
    }
}

extension SentenceModel: EmbeddingModel {
    /// What it is and can do.
    public var card: ModelCard {
        ModelCard(
            name: name, architecture: SentenceConfiguration.modelType, digest: digest, parameters: parameters,
            precision: precision, tasks: ["embed"], textDimensions: dimensions, space: space)
    }

    /// The vector of each query.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        var texts: [Tokenizer.Encoding] = []
        for case .text(let text)? in queries.map({ $0.parts["text"] }) { texts.append(text) }
        guard texts.count == queries.count else {
            return queries.map { _ in .failure(TaskError.taskNotAvailable("embed", model: name)) }
        }
        return encode(texts, pause: pause).map { tokens in
            let vector = vector(of: tokens)
            return .success(SpaceVector(vector: vector, keys: ["text": vector]))
        }
    }
}
