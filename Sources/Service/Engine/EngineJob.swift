import Media
import Networks
import Scheduler
import Tasks

/// One request's work for the engine.
enum EngineJob: Sendable {
    case caption(pixels: [Float], CaptionOptions)
    case embed(Embedding)
    case classify(Question)
    /// One window of a long sound, for a tower: see ``LongSound``.
    case listen(tower: String, window: [Float])
    /// The lines of text of a picture.
    case findLines(PixelImage)
    /// What stands in some of them: see ``Engine/read(_:for:)``.
    case readLines([TextBox], of: PixelImage)

    /// What becomes one vector. In a model's space it is of length 1; a model without one takes a single part, and its vector
    /// has any length.
    struct Embedding: Sendable {
        /// Keyed as `ModelCard.embeddable` names them, at least one.
        var parts: [String: TowerInput]
        /// What the picture is; nil where the model is to tell.
        var view: PictureView?
        /// The share of the words, 0...1; nil for the usual half.
        var weight: Double?
    }

    /// What a head is asked.
    struct Question: Sendable {
        /// The head's name.
        let head: String
        /// The queue: `vqa`, `emotion` or `classify`.
        let task: TaskID
        /// What was given of the head's parts, at least one.
        var parts: [String: TowerInput]
        /// Whether the answer should say where the head looked.
        let explains: Bool
        /// Whether it should say what is in each part of the picture.
        var seesParts = false
    }

    /// The queue it waits in. Jobs of one queue are computed in one batch.
    var task: TaskID {
        switch self {
        case .caption: "caption"
        case .embed(let embedding):
            switch embedding.parts.count == 1 ? embedding.parts.keys.first : nil {
            case "image": "embed-image"
            case "text": "embed-text"
            case "audio": "embed-audio"
            default: "embed"
            }
        case .classify(let question): question.task
        case .listen: "listen"
        case .findLines: "find-lines"
        case .readLines: "read-lines"
        }
    }

    /// How much work it is, in images: four seconds of sound are about as much as one, or fifty word pieces.
    var size: Double {
        let parts: [String: TowerInput]
        switch self {
        case .caption: return 1
        case .findLines(let image): return Double(image.width * image.height) / Self.pixelsOfImage
        case .readLines(let boxes, _): return Double(boxes.count) / Self.linesOfImage
        case .listen(_, let window): return Double(window.count) / Self.melNumbersOfImage
        case .embed(let embedding): parts = embedding.parts
        case .classify(let question): parts = question.parts
        }
        return parts.values.reduce(0) { sum, input in
            switch input {
            case .mel(let windows): sum + windows.reduce(0) { $0 + Double($1.count) } / Self.melNumbersOfImage
            case .tokens(let tokens): sum + Double(tokens.tokens) / Self.tokensOfImage
            case .text(let text): sum + Double(text.ids.count) / Self.piecesOfImage
            case .features(let tokens, _): sum + Double(tokens) / Self.piecesOfImage
            case .pixels: sum + 1
            }
        }
    }

    /// Of 100 frames a second with 80 bins, and of 50 tokens a second.
    private static let melNumbersOfImage = 4.0 * 100 * 80
    private static let tokensOfImage = 4.0 * 50
    private static let piecesOfImage = 50.0
    private static let pixelsOfImage = 1e5
    private static let linesOfImage = 2.0

    /// Every queue there is.
    static let policies =
        [TaskPolicy("caption", generates: true)]
        + [
            "embed-image", "embed-text", "embed-audio", "embed", "vqa", "emotion", "classify", "listen", "find-lines",
            "read-lines",
        ].map {
            TaskPolicy(TaskID($0), generates: false)
        }
}

/// What the engine gives back.
enum EngineOutput: Sendable {
    /// Captions, best first, and what is seen in the picture.
    case captions([CaptionCandidate], seen: [NamedThing])
    case embedding(SpaceVector)
    /// What a tower says about a window of a long sound.
    case tokens(TowerTokens)
    /// The lines of a picture, and how many more it has than are looked at.
    case lines([TextBox], left: Int)
    /// What stands in lines.
    case texts([ReadText])
    /// What a head says, and how long it took behind the towers, with what else was in the batch.
    case classification(Classification, fuse: Duration)
}
