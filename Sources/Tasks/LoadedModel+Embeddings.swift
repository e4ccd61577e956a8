import Networks
import Tensor
import Tokenizer

/// Vectors of images, sounds and texts: in the joint space where the checkpoint has one, else each tower's own.
extension LoadedModel {
    /// The joint space; nil without a projection head.
    public var space: EmbeddingSpace? {
        configuration.heads.space.map {
            EmbeddingSpace(dimensions: $0.head.dimensions, inputs: described($0.head.inputs))
        }
    }

    /// The tokens of each input by the named tower, in the order of `inputs`; those of one tower are computed together. An
    /// input for a tower that there is not, of another kind than the tower's, or of another size, is the caller's mistake
    /// and stops the program.
    public func encode(_ inputs: [(tower: String, input: TowerInput)]) -> [TowerTokens] {
        turn.withLock { _ in towers.encode(inputs, workspace: workspace, pool: pool) }
    }

    /// Tokens of parts of the joint space → vectors of it, of length 1. Throws `TaskError` for a model without a space or a
    /// part that it does not have.
    public func project(_ items: [(part: String, tokens: TowerTokens)]) throws(TaskError) -> [[Float]] {
        guard let projection, let space = configuration.heads.space else {
            throw .taskNotAvailable("joint embeddings", model: name)
        }
        for (part, _) in items where !projection.parts.contains(part) {
            throw .unexpectedPart(part, head: space.name, parts: projection.parts)
        }
        var vectors = [[Float]](repeating: [], count: items.count)
        turn.withLock { _ in
            for part in projection.parts {
                let places = items.indices.filter { items[$0].part == part }
                let projected = projection.project(
                    part: part, places.map { items[$0].tokens }, workspace: workspace, pool: pool)
                for (place, vector) in zip(places, projected) { vectors[place] = vector }
            }
        }
        return vectors
    }

    /// Word pieces of a text for the text towers, cut to the model's limit; nil without a text tower.
    public func encode(_ text: String) -> WordPieceTokenizer.Encoding? {
        textTokenLimit.flatMap { limit in tokenizer?.encode(text, maxTokens: limit) }
    }

    /// Encoded texts → their sentence embeddings by the first text tower, not normalised. Empty without one.
    public func embedTexts(_ texts: [WordPieceTokenizer.Encoding]) -> [[Float]] {
        guard let name = configuration.towers.firstText?.name, let tower = towers.text(name) else { return [] }
        return turn.withLock { _ in tower.embed(texts.map(\.ids), workspace: workspace, pool: pool) }
    }

    /// The mean of an image's tokens, not normalised.
    public func imageEmbedding(_ encoding: ImageEncoding) -> [Float] {
        guard let tower = configuration.towers.image else { return [] }
        return [Float](unsafeUninitializedCapacity: tower.channels) { mean, initialized in
            // A tower has channels, so that there is a base address.
            if let base = mean.baseAddress {
                meanPool(encoding.tokens, rows: tower.tokens, width: tower.channels, into: base)
            }
            initialized = tower.channels
        }
    }
}
