import Media
import Networks
import Tasks
import Tokenizer

/// A text as the text tower's input.
typealias TokenizedText = Tokenizer.Encoding

/// What the service needs of a loaded model. `Tasks.LoadedModel` is the one that serves; tests bring small ones.
///
/// `faces`, `validate` and `concepts` may be called from any thread at once; the rest is called by the engine thread alone. What takes a `pause` calls it every few milliseconds of long work: others of these may be called within.
protocol ServedModel: Sendable {
    /// An image as its tower sees it.
    associatedtype Encoding
    /// A caption in the making.
    associatedtype Generation

    /// What the model is and can do.
    var card: ModelCard { get }

    /// The faces in an image, the largest first; nil for a model that does not look for faces.
    func faces(in image: PixelImage) -> [FaceBox]?
    /// What is wrong with options for this model, before any image is decoded.
    func validate(_ options: CaptionOptions) throws

    /// Runs the image tower on a batch.
    func encode(images: [[Float]]) -> [Encoding]
    /// Pools an encoded image to its embedding, of any length.
    func embedding(of encoding: Encoding) -> [Float]
    /// Sentence embeddings of a batch, of any length.
    func embed(texts: [TokenizedText], pause: () -> Void) -> [[Float]]
    /// Begins the captions of a batch.
    func start(_ items: [(Encoding, CaptionOptions)]) throws -> [Generation]
    /// Takes all given captions one step on.
    func step(_ generations: [Generation])
    /// How far a caption is.
    func progress(of generation: Generation) -> CaptionProgress

    /// Runs each tower on all of its inputs; the results are in the order of the inputs.
    func encode(_ inputs: [(tower: String, input: TowerInput)], pause: () -> Void) -> [TowerTokens]
    /// Asks a head about several items, each any subset of its parts that is not empty and has the required ones.
    func classify(
        head: String, _ items: [[String: TowerTokens]], explain: [Bool]
    ) throws -> [Classification]
    /// What a head says of each part of a picture; empty for a head that looks at no parts.
    func parts(head: String, of picture: TowerTokens) -> [PartOpinion]
    /// One vector of the model's space for each query.
    func embed(_ queries: [SpaceQuery]) throws -> [SpaceVector]
    /// The lines of text of a picture in reading order, and how many more it has than are looked at.
    func findLines(in image: PixelImage, pause: () -> Void) -> (boxes: [TextBox], left: Int)
    /// What stands in each of them.
    func read(_ boxes: [TextBox], of image: PixelImage, pause: () -> Void) -> [ReadText]
    /// For each vector of the space the phrase nearest to it; from any thread at once.
    func concepts(nearest vectors: [[Float]]) -> [Concept]
}

/// How far a caption is.
struct CaptionProgress: Sendable {
    /// The text that became final in the last step.
    var newText: String
    /// The finished captions, best first; nil while more is to come.
    var candidates: [CaptionCandidate]?
    /// What is seen in the picture, the likeliest first, once they are finished.
    var seen: [NamedThing] = []
}

/// What `GET /v1/models` says of a model.
struct ModelCard: Sendable {
    /// The name that requests may give as `model`.
    var name: String
    /// The kind of network.
    var architecture: String
    /// `sha256:…` over all its files.
    var digest: String
    /// What the digest was when it covered fewer of them; nil where that is not known.
    var formerDigest: String?
    /// Number of weights.
    var parameters: Int
    /// What most of its weights are stored in: `f32`, `f16` or `bf16`. Activations are f32.
    var precision = "f32"
    /// What it can do: `caption`, `vqa`, `emotion`, `classify`, `embed`, `read`.
    var tasks: [String]
    /// Length of an image embedding.
    var imageDimensions: Int?
    /// Length of a text embedding.
    var textDimensions: Int?
    /// Most tokens of a caption.
    var maxCaptionTokens: Int?
    /// The heads that choose among labels.
    var heads: [HeadDescription] = []
    /// The space in which parts of several kinds can be compared and composed.
    var space: EmbeddingSpace?
    /// What captions are about; nil for a model that writes none.
    var captionInput: PartSpec?
    /// What has vectors of its tower's own.
    var towerInputs: [PartSpec] = []

    /// What can be embedded: what the space takes, or without one, images and texts each by its own tower.
    var embeddable: [PartSpec] { space?.inputs ?? towerInputs }

    /// Every part that it takes somewhere, some of them several times.
    private var inputs: [PartSpec] {
        (captionInput.map { [$0] } ?? []) + embeddable + towerInputs + heads.flatMap(\.inputs)
    }

    /// Whether it takes sounds.
    var takesSounds: Bool { inputs.contains { $0.kind == .sound } }

    /// Most word pieces of a text; nil for a model that takes no texts.
    var maxTextTokens: Int? {
        inputs.compactMap { if case .text(let text) = $0.preparation { text.maxTokens } else { nil } }.max()
    }

    /// The first head of a task.
    func head(of task: String) -> HeadDescription? { heads.first { $0.task == task } }
}
