import Networks
import Tasks

/// A part of a job that is a sound of several windows. Its windows are jobs of their own, so that nine minutes of sound do not
/// keep the engine from everybody else until they are heard.
struct LongSound {
    /// The part's name.
    let part: String
    /// The tower that hears it.
    let tower: String
    /// Log-mel spectrograms, each [frames, bins].
    let windows: [[Float]]
}

extension EngineJob {
    /// The sounds among its parts that have several windows.
    func longSounds(_ card: ModelCard) -> [LongSound] {
        let (parts, inputs): ([String: ModelInput], [PartSpec])
        switch self {
        case .generate, .zeroShot, .rank, .listen, .findLines, .readLines: return []
        case .embed(let embedding): (parts, inputs) = (embedding.parts, card.space?.inputs ?? [])
        case .classify(let question, task: _):
            (parts, inputs) = (question.parts, card.heads.first { $0.name == question.head }?.inputs ?? [])
        }
        return inputs.compactMap { input in
            guard case .mel(let windows)? = parts[input.part], windows.count > 1 else { return nil }
            return LongSound(part: input.part, tower: input.tower, windows: windows)
        }
    }

    /// The same job, with what a tower said in place of a part.
    func with(_ tokens: TowerTokens, for part: String) -> EngineJob {
        switch self {
        case .generate, .zeroShot, .rank, .listen, .findLines, .readLines: return self
        case .embed(var embedding):
            embedding.parts[part] = .tokens(tokens)
            return .embed(embedding)
        case .classify(var question, let task):
            question.parts[part] = .tokens(tokens)
            return .classify(question, task: task)
        }
    }
}
