import Media
import Tasks
import Tokenizer

/// A text as the text tower's input.
typealias TokenizedText = WordPieceTokenizer.Encoding

/// What the service needs of a loaded model. `Tasks.LoadedModel` is the one that serves; tests bring small ones.
///
/// `pixels`, `tokens` and `validate` may be called from any thread at once; the rest is called by the engine thread alone.
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
    /// What is wrong with options for this model, before any image is decoded.
    func validate(_ options: CaptionOptions) throws

    /// Runs the image tower on a batch.
    func encode(images: [[Float]]) -> [Encoding]
    /// Pools an encoded image to its embedding, of any length.
    func embedding(of encoding: Encoding) -> [Float]
    /// Sentence embeddings of a batch, of any length.
    func embed(texts: [TokenizedText]) -> [[Float]]
    /// Begins the captions of a batch.
    func start(_ items: [(Encoding, CaptionOptions)]) throws -> [Generation]
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

/// What `GET /v1/models` says of a model.
struct ModelCard: Sendable, Equatable {
    /// The name that requests may give as `model`.
    var name: String
    /// The kind of network.
    var architecture: String
    /// `sha256:…` over configuration and tensors.
    var digest: String
    /// Number of weights.
    var parameters: Int
    /// What it can do: `caption`, `embed`.
    var tasks: [String]
    /// The side of the square that images are resized to, in pixels.
    var imageSize: Int?
    /// Length of an image embedding.
    var imageDimensions: Int?
    /// Length of a text embedding.
    var textDimensions: Int?
    /// Most word pieces of a text.
    var maxTextTokens: Int?
    /// Most tokens of a caption.
    var maxCaptionTokens: Int?
    /// Whether image and text embeddings share one space, so that they can be compared and composed.
    var sharesEmbeddingSpace: Bool
}
