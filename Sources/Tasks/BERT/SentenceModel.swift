import Checkpoint
import Networks
import Tensor
import Tokenizer

/// A published encoder like BERT that turns sentences into vectors, ready to answer.
public final class SentenceModel: Sendable {
    /// Who it is.
    public let identity: ModelIdentity
    /// Numbers of a vector.
    public let dimensions: Int

    private let texts: EncoderTexts
    private let network: BERT
    private let pooling: SentenceConfiguration.Pooling
    private let compute: Compute

    /// Checks and packs the checkpoint in a folder. Throws `CheckpointError` or `TokenizerError`.
    public static func load(_ folder: Checkpoint, compute: Compute) throws -> SentenceModel {
        try SentenceModel(folder, compute: compute)
    }

    private init(_ checkpoint: Checkpoint, compute: Compute) throws {
        let configuration = try SentenceConfiguration(checkpoint)
        let encoder = configuration.text.encoder
        let weights = Weights(checkpoint)
        network = BERT(weights.encoder(encoder.family), encoder)
        try weights.finish(ignoring: TextEncoder.Family.unread)
        texts = try EncoderTexts(checkpoint, configuration.text)
        identity = ModelIdentity(checkpoint, weights, encoder.family.rawValue)
        dimensions = encoder.hiddenSize
        pooling = configuration.pooling
        self.compute = compute
    }

    /// How texts are prepared.
    public var textPreparation: TextPreparation { texts.preparation.alone }

    /// The space of its vectors: that of texts alone.
    public var space: EmbeddingSpace {
        EmbeddingSpace(
            dimensions: dimensions, inputs: [PartSpec(part: "text", tower: "text", .text(textPreparation))])
    }

    /// The last hidden state of each text [tokens, d].
    public func encode(_ encoded: [Tokenizer.Encoding], pause: () -> Void = {}) -> [TowerTokens] {
        compute.take {
            network.hiddenStates(
                encoded.map(\.ids), segments: texts.segments(of: encoded), workspace: $0.workspace, pool: compute.pool,
                pause: pause)
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
        var card = ModelCard(identity, tasks: ["embed"])
        card.textDimensions = dimensions
        card.space = space
        return card
    }

    /// The vector of each query.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        var texts: [Tokenizer.Encoding] = []
        for case .text(let text)? in queries.map({ $0.parts["text"] }) { texts.append(text) }
        guard texts.count == queries.count else {
            return queries.map { _ in .failure(TaskError.taskNotAvailable("embed", model: identity.name)) }
        }
        return encode(texts, pause: pause).map { tokens in
            let vector = vector(of: tokens)
            return .success(SpaceVector(vector: vector, keys: ["text": vector]))
        }
    }
}
