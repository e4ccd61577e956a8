import Media
import Networks
import Scheduler
import Tasks

/// One request's work for the engine.
enum EngineJob: Sendable {
    case generate(GenerationRequest)
    case embed(EmbeddingQuery)
    /// A question to a head, and the queue it waits in: `vqa`, `emotion` or `classify`.
    case classify(HeadQuestion, task: String)
    /// How well each of some texts fits a picture or a sound.
    case zeroShot(ZeroShotQuestion)
    /// How well the second text of each pair answers the first.
    case rank([TokenizedText])
    /// One window of a long sound, for a tower: see ``LongSound``.
    case listen(tower: String, window: [Float])
    /// The lines of text of a picture.
    case findLines(PixelImage)
    /// What stands in some of them: see ``Engine/read(_:for:)``.
    case readLines([TextBox], of: PixelImage)

    /// The queue it waits in. Jobs of one queue and model are computed in one batch.
    var task: String {
        switch self {
        case .generate(let request): request.task
        case .embed(let embedding):
            switch embedding.parts.count == 1 ? embedding.parts.keys.first : nil {
            case "image": "embed-image"
            case "text": "embed-text"
            case "audio": "embed-audio"
            default: "embed"
            }
        case .classify(_, let task): task
        case .zeroShot: "zero-shot"
        case .rank: "rerank"
        case .listen: "listen"
        case .findLines: "find-lines"
        case .readLines: "read-lines"
        }
    }

    /// How much work it is, in images: four seconds of sound are about as much as one, or fifty word pieces.
    var size: Double {
        let parts: [String: ModelInput]
        switch self {
        // Begun at once: what takes time are its steps.
        case .generate: return 1
        case .zeroShot(let question):
            return 1 + question.texts.reduce(0) { $0 + Double($1.ids.count) } / Self.piecesOfImage
        case .rank(let pairs): return pairs.reduce(0) { $0 + Double($1.ids.count) } / Self.piecesOfImage
        case .findLines(let image): return Double(image.width * image.height) / Self.pixelsOfImage
        case .readLines(let boxes, _): return Double(boxes.count) / Self.linesOfImage
        case .listen(_, let window): return Double(window.count) / Self.melNumbersOfImage
        case .embed(let embedding): parts = embedding.parts
        case .classify(let question, task: _): parts = question.parts
        }
        return parts.values.reduce(0) { sum, input in
            switch input {
            case .mel(let windows): sum + windows.reduce(0) { $0 + Double($1.count) } / Self.melNumbersOfImage
            case .sound(let sound): sum + Double(sound.mel.count) / Self.melNumbersOfImage
            case .samples(let samples): sum + Double(samples.count) / Self.samplesOfImage
            case .tokens(let tokens): sum + Double(tokens.tokens) / Self.tokensOfImage
            case .text(let text): sum + Double(text.ids.count) / Self.piecesOfImage
            case .features(let tokens, _): sum + Double(tokens) / Self.piecesOfImage
            case .pixels: sum + 1
            case .tiles(let picture): sum + Double(picture.tiles.count)
            }
        }
    }

    /// Of 100 frames a second with 80 bins, of 16000 samples, and of 50 tokens a second.
    private static let melNumbersOfImage = 4.0 * 100 * 80
    private static let samplesOfImage = 4.0 * 16_000
    private static let tokensOfImage = 4.0 * 50
    private static let piecesOfImage = 50.0
    private static let pixelsOfImage = 1e5
    private static let linesOfImage = 2.0

    /// Every queue of a model.
    static func policies(of model: String) -> [TaskPolicy] {
        GenerationRequest.tasks.map { TaskPolicy(TaskID($0, model: model), generates: true) }
            + [
                "embed-image", "embed-text", "embed-audio", "embed", "vqa", "emotion", "classify", "listen",
                "find-lines", "read-lines", "zero-shot", "rerank",
            ].map {
                TaskPolicy(TaskID($0, model: model), generates: false)
            }
    }
}

extension GenerationRequest {
    fileprivate static let tasks = ["caption", "answer", "chat", "transcribe"]

    fileprivate var task: String {
        switch self {
        case .caption: Self.tasks[0]
        case .answer: Self.tasks[1]
        case .reply: Self.tasks[2]
        case .transcript: Self.tasks[3]
        }
    }
}

/// What the engine gives back.
enum EngineOutput: Sendable {
    case generated(GeneratedText)
    case embedding(SpaceVector)
    /// What a tower says about a window of a long sound.
    case tokens(TowerTokens)
    /// The lines of a picture, and how many more it has than are looked at.
    case lines([TextBox], left: Int)
    /// What stands in lines.
    case texts([ReadText])
    case classification(HeadAnswer)
    /// The scores of texts for a picture or a sound, 0...1 each; of pairs of texts their logits.
    case scores([Float])
}
