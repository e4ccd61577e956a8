/// The space that images, sounds and texts are projected to, so that they can be compared and composed.
public struct EmbeddingSpace: Sendable {
    /// Numbers of a vector.
    public let dimensions: Int
    /// What can be projected, in the order of `config.json`.
    public let inputs: [PartSpec]
    /// What a picture may be taken for; empty where the model reads every picture in the same way, as a photo.
    public let views: [PictureView]
    /// Whether a vector can be told by the phrase nearest to it.
    public let hasConcepts: Bool

    /// A space of that many dimensions.
    public init(dimensions: Int, inputs: [PartSpec], views: [PictureView] = [], hasConcepts: Bool = false) {
        self.dimensions = dimensions
        self.inputs = inputs
        self.views = views
        self.hasConcepts = hasConcepts
    }

    /// The part whose reading depends on what it is taken for.
    static let picture = "image"
    /// The part whose share `weight` is.
    static let words = "text"

    /// Throws `TaskError` where no vector can be made in this way of these parts; cheap, and may be called before anything
    /// is decoded.
    /// - Parameters:
    ///   - view: what the picture is said to be; nil where the model is to tell.
    ///   - weight: the share of the words, 0...1; nil for the usual half.
    public func check(
        parts: some Collection<String>, view: PictureView?, weight: Double?
    ) throws(TaskError) {
        if let view {
            guard parts.contains(Self.picture) else {
                throw .invalidOption(
                    "view", "says what a picture is, and there is none: leave it out, or send the part \(Self.picture)")
            }
            guard view == .photo || views.contains(view) else { throw .viewNotAvailable(view) }
        }
        guard let weight else { return }
        guard (0...1).contains(weight) else {
            throw .invalidOption("weight", "is \(weight) and has to be from 0 to 1")
        }
        guard parts.contains(Self.words), parts.count > 1 else {
            throw .invalidOption(
                "weight",
                "is the share of the words beside another part: leave it out, or send the part \(Self.words) and another"
            )
        }
    }
}

/// What a picture is taken for, which decides how it is read.
public enum PictureView: String, Sendable, CaseIterable {
    /// Taken by a camera.
    case photo
    /// Drawn by hand in lines.
    case sketch
}

/// A phrase that says what a vector is about.
public struct Concept: Sendable, Equatable {
    /// The phrase.
    public let phrase: String
    /// The cosine of the angle between its vector and the other, -1 to 1.
    public let score: Float

    /// A phrase and how near it is.
    public init(phrase: String, score: Float) {
        self.phrase = phrase
        self.score = score
    }
}
