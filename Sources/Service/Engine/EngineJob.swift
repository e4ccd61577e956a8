import Scheduler
import Tasks

/// One request's work for the engine.
enum EngineJob: Sendable {
    case caption(pixels: [Float], CaptionOptions)
    /// One vector of all parts together, keyed as `ModelCard.embeddable` names them. Vectors of a model's space have
    /// length 1: of several parts it is the mean, scaled to length 1. A model without one takes a single part, and its
    /// vector has any length.
    case embed(parts: [String: TowerInput])
    case classify(Question)

    /// What a head is asked.
    struct Question: Sendable {
        /// The head's name.
        let head: String
        /// The queue: `vqa`, `emotion` or `classify`.
        let task: TaskID
        /// What was given of the head's parts, at least one.
        let parts: [String: TowerInput]
        /// Whether the answer should say where the head looked.
        let explains: Bool
    }

    /// The queue it waits in. Jobs of one queue are computed in one batch.
    var task: TaskID {
        switch self {
        case .caption: "caption"
        case .embed(let parts):
            switch parts.count == 1 ? parts.keys.first : nil {
            case "image": "embed-image"
            case "text": "embed-text"
            case "audio": "embed-audio"
            default: "embed"
            }
        case .classify(let question): question.task
        }
    }

    /// How much of a batch it takes up: a long clip is as much work as many images.
    var weight: Int {
        let parts: [String: TowerInput]
        switch self {
        case .caption: return 1
        case .embed(let given): parts = given
        case .classify(let question): parts = question.parts
        }
        return parts.values.reduce(1) { most, input in
            if case .mel(let windows) = input { max(most, windows.count) } else { most }
        }
    }

    /// Every queue there is.
    static let policies =
        [TaskPolicy("caption", generates: true)]
        + ["embed-image", "embed-text", "embed-audio", "embed", "vqa", "emotion", "classify"].map {
            TaskPolicy(TaskID($0), generates: false)
        }
}

/// What the engine gives back.
enum EngineOutput: Sendable {
    case captions([CaptionCandidate])
    case embedding([Float])
    /// What a head says, and how long it took behind the towers, with what else was in the batch.
    case classification(Classification, fuse: Duration)
}
