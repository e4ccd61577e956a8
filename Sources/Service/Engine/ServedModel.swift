import Media
import Tasks

/// What the service needs of a loaded model. `Tasks.LoadedModel` is the one that serves; tests bring small ones.
///
/// `pixels` and `tokens` may be called from any thread at once; the rest is called by the engine thread alone.
protocol ServedModel: Sendable {
    /// An image as its tower sees it.
    associatedtype Encoding
    /// A caption in the making.
    associatedtype Generation

    /// What the model is and can do.
    var card: ModelCard { get }

    /// The tower's input: resized and normalised.
    func pixels(of image: PixelImage) -> [Float]
    /// The text tower's input, cut at its limit.
    func tokens(of text: String) -> TokenizedText

    /// Runs the image tower on a batch.
    func encode(images: [[Float]]) -> [Encoding]
    /// Pools an encoded image to its embedding, of any length.
    func embedding(of encoding: Encoding) -> [Float]
    /// Sentence embeddings of a batch, of any length.
    func embed(texts: [TokenizedText]) -> [[Float]]
    /// Begins a caption.
    func start(_ encoding: Encoding, _ options: CaptionOptions) throws -> Generation
    /// Takes all given captions one step on.
    func step(_ generations: [Generation])
    /// How far a caption is.
    func progress(of generation: Generation) -> CaptionProgress
}

/// How far a caption is.
struct CaptionProgress: Sendable {
    /// The text that became final in the last step.
    var newText: String
    /// The finished captions, best first; nil while more is to come.
    var candidates: [CaptionCandidate]?
}

/// A text as the tower's input.
struct TokenizedText: Sendable, Equatable {
    /// Word pieces, with `[CLS]` and `[SEP]`.
    var ids: [Int32]
    /// How many pieces the whole text has.
    var totalTokens: Int
    /// Whether pieces beyond the model's limit were cut.
    var isTruncated: Bool { ids.count < totalTokens }
}

/// What `GET /v1/models` says of a model.
public struct ModelCard: Sendable, Equatable {
    /// The name that requests may give as `model`.
    public var name: String
    /// The kind of network.
    public var architecture: String
    /// `sha256:…` over configuration and tensors.
    public var digest: String
    /// Number of weights.
    public var parameters: Int
    /// What it can do: `caption`, `embed`.
    public var tasks: [String]
    /// The side of the square that images are resized to, in pixels.
    public var imageSize: Int
    /// Length of an image embedding.
    public var imageDimensions: Int
    /// Length of a text embedding.
    public var textDimensions: Int
    /// Most word pieces of a text.
    public var maxTextTokens: Int
    /// Most tokens of a caption.
    public var maxCaptionTokens: Int
    /// Whether image and text embeddings share one space, so that they can be compared and composed.
    public var sharesEmbeddingSpace: Bool

    /// A card with all its facts.
    public init(
        name: String, architecture: String, digest: String, parameters: Int, tasks: [String], imageSize: Int,
        imageDimensions: Int, textDimensions: Int, maxTextTokens: Int, maxCaptionTokens: Int, sharesEmbeddingSpace: Bool
    ) {
        self.name = name
        self.architecture = architecture
        self.digest = digest
        self.parameters = parameters
        self.tasks = tasks
        self.imageSize = imageSize
        self.imageDimensions = imageDimensions
        self.textDimensions = textDimensions
        self.maxTextTokens = maxTextTokens
        self.maxCaptionTokens = maxCaptionTokens
        self.sharesEmbeddingSpace = sharesEmbeddingSpace
    }
}
