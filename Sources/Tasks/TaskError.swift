/// What is wrong with a request or a model, for the person who made it.
public enum TaskError: Error, Equatable, CustomStringConvertible {
    /// An option's name as the API spells it, and what is wrong with its value.
    case invalidOption(String, String)
    /// A word of the prompt for which the caption vocabulary has no pieces.
    case unknownPromptWord(String)
    /// The prompt leaves no room for a caption: its tokens and the most that it may have.
    case promptTooLong(tokens: Int, limit: Int)
    /// The model has no such head or tower.
    case taskNotAvailable(String, model: String)
    /// The model does not read pictures of that kind otherwise than photos.
    case viewNotAvailable(PictureView)
    /// A head does not read a part of this name: the names that it reads.
    case unexpectedPart(String, head: String, parts: [String])
    /// A head was asked without parts that it needs: any of these where `all` is false.
    case missingParts([String], head: String, all: Bool)
    /// The parts of a checkpoint do not fit each other, or not this build: what it is that does not fit.
    case inconsistentModel(String)

    /// One sentence: what is wrong and what to do.
    public var description: String {
        switch self {
        case .invalidOption(let name, let problem): "\(name) \(problem)."
        case .unknownPromptWord(let word):
            "The prompt's \"\(word)\" is not made of words that captions are written with: use another word."
        case .promptTooLong(let tokens, let limit):
            "The prompt has \(tokens) word pieces, but this model takes at most \(limit): shorten it."
        case .taskNotAvailable(let task, let model): "The model \(model) cannot do \(task): ask a model that can."
        case .viewNotAvailable(let view):
            "The model does not read a \(view) otherwise than a photo: leave the option view out, or ask a model that does."
        case .unexpectedPart(let part, let head, let parts):
            "The head \(head) does not read the part \(part): give it \(parts.joined(separator: ", "))."
        case .missingParts(let parts, let head, let all):
            "The head \(head) has nothing to answer from: give it \(parts.joined(separator: all ? " and " : " or "))."
        case .inconsistentModel(let problem): "The model cannot be used: \(problem)."
        }
    }
}
