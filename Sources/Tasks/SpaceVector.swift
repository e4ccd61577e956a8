import Networks

/// What is to become one vector of a space.
public struct SpaceQuery: Sendable {
    /// The tokens of each part, at least one.
    public var parts: [String: TowerTokens]
    /// What the part `image` is; nil where the model is to tell.
    public var view: PictureView?
    /// The share of the words, 0...1; nil for the usual half.
    public var weight: Double?

    /// A query of those members.
    public init(parts: [String: TowerTokens], view: PictureView? = nil, weight: Double? = nil) {
        self.parts = parts
        self.view = view
        self.weight = weight
    }
}

/// What several parts are together in a space: one vector, and what it was made of.
public struct SpaceVector: Sendable, Equatable {
    /// The vector of all parts, of length 1.
    public var vector: [Float]
    /// The vector of each part alone, of length 1.
    public var keys: [String: [Float]]
    /// What the picture was taken for; nil without one, and where the model reads all in the same way.
    public var view: PictureView?

    /// A vector of those members.
    public init(vector: [Float], keys: [String: [Float]], view: PictureView? = nil) {
        self.vector = vector
        self.keys = keys
        self.view = view
    }

    /// The vector of `keys`, of which there is at least one. `others` and `words` below are of length 1, as is the vector:
    ///
    ///     others = mean of all keys but the words
    ///     whole  = the learned composition of picture and words, else the mean of others and words
    ///     w ≤ ½  : (1 − 2w) others + 2w whole
    ///     w > ½  : (2 − 2w) whole + (2w − 1) words
    ///
    /// so that a weight of 0 is the others alone, 1 the words alone, and ½ the whole, with no jump between.
    /// - Parameters:
    ///   - weight: the share of the words; nil is ½.
    ///   - composed: the learned composition of these keys, where there is one.
    init(keys: [String: [Float]], weight: Double?, composed: [Float]?, view: PictureView?) {
        // In the order of the names, so that the same parts give the same bits.
        let others = keys.keys.sorted().filter { $0 != EmbeddingSpace.words }.compactMap { keys[$0] }
        self.init(
            vector: Self.vector(others, words: keys[EmbeddingSpace.words], weight: weight, composed: composed),
            keys: keys, view: view)
    }

    /// The same of vectors of any length, without a learned composition.
    public init(of vectors: [String: [Float]], weight: Double?) {
        self.init(keys: vectors.mapValues(ofLengthOne), weight: weight, composed: nil, view: nil)
    }

    private static func vector(
        _ others: [[Float]], words: [Float]?, weight: Double?, composed: [Float]?
    ) -> [Float] {
        let other = unit(others.map { (1, $0) })
        guard let words else { return other }
        guard !others.isEmpty else { return words }
        let whole = composed ?? unit([(1, other), (1, words)])
        guard let weight else { return whole }
        return weight <= 0.5
            ? unit([(1 - 2 * weight, other), (2 * weight, whole)])
            : unit([(2 - 2 * weight, whole), (2 * weight - 1, words)])
    }

    /// The weighted sum, scaled to length 1; one of length 0, of vectors that cancel each other, stays. A term of weight 0
    /// leaves the others as they are, to the last bit, and so does being alone.
    private static func unit(_ terms: [(weight: Double, vector: [Float])]) -> [Float] {
        let terms = terms.filter { $0.weight > 0 }
        guard let first = terms.first, terms.count > 1 else { return terms.first?.vector ?? [] }
        let sum = first.vector.indices.map { index in
            terms.reduce(0.0) { $0 + $1.weight * Double($1.vector[index]) }
        }
        let length = sum.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
        return sum.map { Float(length > 0 ? $0 / length : 0) }
    }
}
