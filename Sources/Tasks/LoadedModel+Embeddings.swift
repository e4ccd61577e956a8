import Networks
import Tensor
import Tokenizer

/// Tokens of inputs, and vectors of images and texts by their own towers; those of the joint space are in
/// `LoadedModel+Space`.
extension LoadedModel {
    /// The tokens of each input by the named tower, in the order of `inputs`; those of one tower are computed together. An
    /// input for a tower that there is not, of another kind than the tower's, or of another size, is the caller's mistake
    /// and stops the program.
    /// - Parameter pause: called every few milliseconds where texts and sounds take long: other stages may be called in it.
    public func encode(
        _ inputs: [(tower: String, input: ModelInput)], pause: () -> Void = {}
    ) -> [TowerTokens] {
        compute.take { towers.encode(inputs, workspace: $0.workspace, pool: pool, pause: pause) }
    }

    /// Encoded texts → their sentence embeddings by the first text tower, not normalised. Empty without one.
    public func embedTexts(_ texts: [Tokenizer.Encoding], pause: () -> Void = {}) -> [[Float]] {
        guard let name = configuration.towers.firstText?.name, let tower = towers.text(name) else { return [] }
        return compute.take { tower.embed(texts.map(\.ids), workspace: $0.workspace, pool: pool, pause: pause) }
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
