import Tokenizer

/// What `GET /v1/models` says of a model.
public struct ModelCard: Sendable {
    /// The name that requests may give as `model`.
    public var name: String
    /// The kind of network.
    public var architecture: String
    /// `sha256:…` over all its files.
    public var digest: String
    /// What the digest was when it covered fewer of them; nil where that is not known.
    public var formerDigest: String?
    /// Number of weights.
    public var parameters: Int
    /// What most of its weights are stored in: `f32`, `f16` or `bf16`. Activations are f32.
    public var precision = "f32"
    /// What it can do: `caption`, `vqa`, `chat`, `emotion`, `classify`, `zero-shot`, `rerank`, `embed`, `read`.
    public var tasks: [String]
    /// Length of an image embedding.
    public var imageDimensions: Int?
    /// Length of a text embedding.
    public var textDimensions: Int?
    /// Most tokens of a caption, an answer or a reply.
    public var maxCaptionTokens: Int?
    /// The heads that choose among labels.
    public var heads: [HeadDescription] = []
    /// The space in which parts of several kinds can be compared and composed.
    public var space: EmbeddingSpace?
    /// How it tells a picture or a sound by labels that a request brings; nil for a model that cannot.
    public var zeroShot: ZeroShotInput?
    /// How it ranks texts by how well they answer another; nil for a model that cannot.
    public var reranking: Reranking?
    /// What captions are about; nil for a model that writes none.
    public var captionInput: PartSpec?
    /// What is asked about, where answers are written; nil for a model that writes none.
    public var answeredInput: PartSpec?
    /// What may be shown in conversations; nil for a model that has none.
    public var shownInput: PartSpec?
    /// What transcripts are of; nil for a model that writes none.
    public var transcribedInput: PartSpec?
    /// What has vectors of its tower's own.
    public var towerInputs: [PartSpec] = []

    /// How a picture or a sound is told by labels that a request brings.
    public struct ZeroShotInput: Sendable {
        /// The picture or sound.
        public let input: PartSpec
        /// What becomes of a label in its template.
        public let text: TextPreparation
        /// Whether one label is right and the scores add up to 1.
        public let isExclusive: Bool

        /// An input of those members.
        public init(input: PartSpec, text: TextPreparation, isExclusive: Bool) {
            self.input = input
            self.text = text
            self.isExclusive = isExclusive
        }
    }

    /// How texts are ranked by how well they answer another.
    public struct Reranking: Sendable {
        /// Both texts as one sequence.
        public let encode: @Sendable (_ query: String, _ document: String) -> Tokenizer.Encoding
        /// What a logit becomes.
        public let score: @Sendable (Float) -> Float

        /// A ranking of those members.
        public init(
            encode: @escaping @Sendable (String, String) -> Tokenizer.Encoding,
            score: @escaping @Sendable (Float) -> Float
        ) {
            self.encode = encode
            self.score = score
        }
    }

    /// What can be embedded: what the space takes, or without one, images and texts each by its own tower.
    public var embeddable: [PartSpec] { space?.inputs ?? towerInputs }

    /// Every part that it takes somewhere, some of them several times.
    private var inputs: [PartSpec] {
        [captionInput, answeredInput, shownInput, transcribedInput, zeroShot?.input].compactMap(\.self) + embeddable
            + towerInputs
            + heads.flatMap(\.inputs)
    }

    /// Whether it takes sounds.
    public var takesSounds: Bool { inputs.contains { $0.kind == .sound } }

    /// Seconds of the longest clip that it takes; nil where that is for the server to say.
    public var mostSoundSeconds: Double? {
        let most = inputs.compactMap { input -> Double? in
            if case .sound(let sound) = input.preparation { sound.mostSeconds ?? .infinity } else { nil }
        }
        return most.max().flatMap { $0.isFinite ? $0 : nil }
    }

    /// Most word pieces of a text; nil for a model that takes no texts.
    public var maxTextTokens: Int? {
        inputs.compactMap { if case .text(let text) = $0.preparation { text.maxTokens } else { nil } }.max()
    }

    /// The first head of a task.
    public func head(of task: String) -> HeadDescription? { heads.first { $0.task == task } }
}
