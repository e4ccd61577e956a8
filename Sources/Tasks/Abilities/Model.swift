import Media
import Networks
import Tokenizer

/// A model that is loaded: what it is. What it can do are the abilities that its type has: ``GeneratingModel``,
/// ``ClassifyingModel``, ``ZeroShotModel``, ``RankingModel``, ``EmbeddingModel``, ``HearingModel``, ``FaceFindingModel``,
/// ``ReadingModel``. Its card says which of them this very checkpoint has, and nothing else is asked of it.
///
/// Abilities are used on the engine thread alone, unless they say otherwise. What takes a `pause` calls it every few milliseconds
/// of long work: abilities of this and of other models may be used within.
public protocol Model: AnyObject, Sendable {
    /// What the model is and can do.
    var card: ModelCard { get }
}

/// Chooses among labels.
public protocol ClassifyingModel: Model {
    /// The answer to each question, in their order. What one gets does not depend on the others.
    func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>]
}

/// What a head is asked.
public struct HeadQuestion: Sendable {
    /// The head's name.
    public let head: String
    /// What was given of the head's parts, at least one.
    public var parts: [String: ModelInput]
    /// Whether the answer should say where the head looked.
    public let explains: Bool
    /// Whether it should say what is in each part of the picture.
    public let seesParts: Bool

    /// A question of those members.
    public init(head: String, parts: [String: ModelInput], explains: Bool = false, seesParts: Bool = false) {
        self.head = head
        self.parts = parts
        self.explains = explains
        self.seesParts = seesParts
    }
}

/// What a head says.
public struct HeadAnswer: Sendable {
    /// The answer.
    public var classification: Classification
    /// How long the head took behind the towers, with what else was asked of it at the same time.
    public var fusing: Duration

    /// An answer of those members.
    public init(_ classification: Classification, fusing: Duration = .zero) {
        self.classification = classification
        self.fusing = fusing
    }
}

/// Says how well one text answers another.
public protocol RankingModel: Model {
    /// The logit of each pair of texts, encoded as one sequence, for each list of them. What one gets does not depend on the others.
    func rank(_ lists: [[Tokenizer.Encoding]], pause: () -> Void) -> [[Float]]
}

/// Says how well any texts fit a picture or a sound.
public protocol ZeroShotModel: Model {
    /// For each question the scores of its texts, 0...1 each, in their order. What one gets does not depend on the others.
    func scores(_ questions: [ZeroShotQuestion], pause: () -> Void) -> [Result<[Float], any Error>]
}

/// A picture or a sound, and what it may be of.
public struct ZeroShotQuestion: Sendable {
    /// The picture or sound.
    public var input: ModelInput
    /// The texts.
    public var texts: [Tokenizer.Encoding]

    /// A question of those members.
    public init(input: ModelInput, texts: [Tokenizer.Encoding]) {
        self.input = input
        self.texts = texts
    }
}

/// Makes vectors.
public protocol EmbeddingModel: Model {
    /// The vector of each query, in their order; of length 1 in a model's space, else of any. What one gets does not depend on the
    /// others.
    func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>]
    /// For each vector of the space the phrase nearest to it; empty for a model without phrases. From any thread at once.
    func concepts(nearest vectors: [[Float]]) -> [Concept]
}

extension EmbeddingModel {
    /// Without phrases.
    public func concepts(nearest vectors: [[Float]]) -> [Concept] { [] }
}

/// What becomes one vector.
public struct EmbeddingQuery: Sendable {
    /// Keyed as `ModelCard.embeddable` names them, at least one; a model without a space takes a single one.
    public var parts: [String: ModelInput]
    /// What the picture is; nil where the model is to tell.
    public var view: PictureView?
    /// The share of the words, 0...1; nil for the usual half.
    public var weight: Double?

    /// A query of those members.
    public init(parts: [String: ModelInput], view: PictureView? = nil, weight: Double? = nil) {
        self.parts = parts
        self.view = view
        self.weight = weight
    }
}

/// Writes text step by step.
public protocol GeneratingModel: Model {
    /// A text in the making.
    associatedtype Generation

    /// What is wrong with options of a caption, an answer or a reply for this model, before any upload is decoded. From any thread
    /// at once.
    func validate(_ options: GenerationOptions) throws
    /// The same of options of a transcript.
    func validate(_ options: TranscriptionOptions) throws
    /// Begins the texts of a batch.
    func start(_ requests: [GenerationRequest], pause: () -> Void) -> [Result<Generation, any Error>]
    /// Takes all given texts one step on, together.
    func step(_ generations: [Generation])
    /// How far a text is.
    func progress(of generation: Generation) -> GenerationProgress
}

extension GeneratingModel {
    /// A model that writes nothing about pictures.
    public func validate(_ options: GenerationOptions) throws {
        throw TaskError.taskNotAvailable("caption", model: card.name)
    }

    /// A model that writes no transcripts.
    public func validate(_ options: TranscriptionOptions) throws {
        throw TaskError.taskNotAvailable("transcribe", model: card.name)
    }
}

/// What text is wanted.
public enum GenerationRequest: Sendable {
    /// What is in a picture.
    case caption(image: ModelInput, GenerationOptions)
    /// The answer to a question about a picture.
    case answer(image: ModelInput, question: String, GenerationOptions)
    /// What comes next in a conversation.
    case reply(to: [ChatMessage], GenerationOptions)
    /// What is said in a sound.
    case transcript(of: ModelInput, TranscriptionOptions)
}

/// What one side of a conversation said.
public struct ChatMessage: Sendable {
    /// Who: `system`, `user` or `assistant`.
    public var role: String
    /// What, in order.
    public var content: [Content]

    /// A piece of a message.
    public enum Content: Sendable {
        case text(String)
        case image(ModelInput)
    }

    /// A message of those members.
    public init(role: String, content: [Content]) {
        self.role = role
        self.content = content
    }
}

/// How far a text is.
public struct GenerationProgress: Sendable {
    /// What became final in the last step.
    public var newText: String
    /// The finished text; nil while more is to come.
    public var result: GeneratedText?

    /// A progress of those members.
    public init(newText: String, result: GeneratedText? = nil) {
        self.newText = newText
        self.result = result
    }
}

/// A finished text.
public enum GeneratedText: Sendable {
    /// Captions, best first, and what is seen in the picture, the likeliest first.
    case captions([TextCandidate], seen: [NamedThing])
    /// Answers to a question, best first.
    case answers([TextCandidate])
    /// What was said in a conversation, and the number of tokens that the conversation had before.
    case reply(TextCandidate, promptTokens: Int)
    case transcript(Transcript)
}

/// Hears sounds of any length, window by window.
public protocol HearingModel: Model {
    /// What a tower says about each window, in their order: put together they stand for the whole sound, as `ModelInput.tokens`.
    func listen(_ windows: [(tower: String, window: [Float])], pause: () -> Void) -> [TowerTokens]
}

/// Finds faces in pictures.
public protocol FaceFindingModel: Model {
    /// The faces in a picture, the largest first; nil for a checkpoint that does not look for any. Takes long; from any thread at
    /// once.
    func faces(in image: PixelImage) -> [FaceBox]?
}

/// Reads the words in pictures.
public protocol ReadingModel: Model {
    /// The lines of text of a picture in reading order, and how many more it has than are looked at.
    func findLines(in image: PixelImage, pause: () -> Void) -> (boxes: [TextBox], left: Int)
    /// What stands in each of them.
    func read(_ boxes: [TextBox], of image: PixelImage, pause: () -> Void) -> [ReadText]
}
