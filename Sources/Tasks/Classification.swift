import Networks

/// What a head says about one request.
public struct Classification: Sendable, Equatable {
    /// One probability for each label of the head, in their order; the sum is 1.
    public var probabilities: [Float]
    /// For each part what the head would have said of it alone.
    public var alone: [String: [Float]]
    /// How much each part weighed: the total variation distance between the answer with all parts and the answer without
    /// that one, scaled so that the sum is 1. A part that was alone weighed 1.
    public var weights: [String: Float]
    /// Where asked for, for each part how much the head looked at each of its tokens; the sum of a part is 1. Tokens of
    /// an image are its grid, row by row.
    public var attention: [String: [Float]]?
    /// How sure the head is of the likeliest label, or where labels have everyday names, of the likeliest name; nil where it does not
    /// say.
    public var confidence: Confidence?
    /// Where asked for, what the head says of each part of the picture.
    public var parts: [PartOpinion]?

    /// A classification of those members.
    public init(
        probabilities: [Float], alone: [String: [Float]], weights: [String: Float],
        attention: [String: [Float]]? = nil, confidence: Confidence? = nil
    ) {
        self.confidence = confidence
        self.probabilities = probabilities
        self.alone = alone
        self.weights = weights
        self.attention = attention
    }
}

/// What a head says of a part of a picture.
public struct PartOpinion: Sendable, Equatable {
    /// Where the part is.
    public let place: PartPlace
    /// One probability for each label of the head, in their order; the sum is 1.
    public let probabilities: [Float]

    /// An opinion of those members.
    public init(place: PartPlace, probabilities: [Float]) {
        self.place = place
        self.probabilities = probabilities
    }
}
