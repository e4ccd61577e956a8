/// Why a chat template cannot be used, or not for this conversation.
public enum ChatTemplateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It breaks the syntax, or uses what this build does not do: what, in the line.
    case unsupported(String, line: Int)
    /// It cannot be applied: what went wrong.
    case failed(String)
    /// It refuses the conversation itself, in these words.
    case refused(String)
    /// It takes more work, or writes more, than is allowed.
    case tooMuch(String)

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .unsupported(let what, let line): "The chat template cannot be used: line \(line) has \(what)."
        case .failed(let what): "The chat template cannot be applied to this conversation: \(what)."
        case .refused(let words): "The chat template refuses this conversation: \(words)"
        case .tooMuch(let what): "The chat template cannot be applied: it \(what)."
        }
    }
}
