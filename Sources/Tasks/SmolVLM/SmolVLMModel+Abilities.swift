import Checkpoint
import Networks

/// A text in the making, and what it was asked for.
public struct SmolVLMText {
    enum Kind {
        case caption, answer, reply
    }

    let kind: Kind
    let text: TextGeneration<SplicedVectors>
}

extension SmolVLMModel: GeneratingModel {
    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: ["caption", "vqa", "chat"])
        card.maxCaptionTokens = configuration.text.maxPositions
        card.captionInput = picture
        card.answeredInput = picture
        card.shownInput = picture
        return card
    }

    /// What is wrong with options for this model: throws `TaskError`.
    public func validate(_ options: GenerationOptions) throws {
        if options.explain { throw TaskError.taskNotAvailable("explain", model: identity.name) }
        try options.validate(longest: configuration.text.maxPositions, configuration.generation)
    }

    /// Begins texts: the question, or what is wanted of a caption, is what a user says behind the picture.
    public func start(_ requests: [GenerationRequest], pause: () -> Void) -> [Result<SmolVLMText, any Error>] {
        requests.map { request in
            Result {
                func begin(
                    _ kind: SmolVLMText.Kind, _ messages: [ChatMessage], _ option: String, _ options: GenerationOptions
                ) throws -> SmolVLMText {
                    SmolVLMText(kind: kind, text: try self.begin(messages, called: option, options, pause: pause))
                }
                func asked(_ text: String, about image: ModelInput) -> [ChatMessage] {
                    [ChatMessage(role: "user", content: [.image(image), .text(text)])]
                }
                switch request {
                case .caption(let image, let options):
                    let words = options.prompt ?? Self.captionInstruction
                    return try begin(.caption, asked(words, about: image), "prompt", options)
                case .answer(let image, let question, let options):
                    return try begin(.answer, asked(question, about: image), "question", options)
                case .reply(to: let messages, let options): return try begin(.reply, messages, "messages", options)
                case .transcript: throw TaskError.taskNotAvailable("transcribe", model: identity.name)
                }
            }
        }
    }

    /// Takes all given texts one step on, together.
    public func step(_ texts: [SmolVLMText]) { write(texts.map(\.text)) }

    /// How far a text is.
    public func progress(of text: SmolVLMText) -> GenerationProgress {
        var progress = GenerationProgress(newText: text.text.newText)
        guard text.text.isFinished else { return progress }
        let found = text.text.candidates
        switch text.kind {
        case .caption: progress.result = .captions(found, seen: [])
        case .answer: progress.result = .answers(found)
        case .reply: progress.result = found.first.map { .reply($0, promptTokens: text.text.promptTokens) }
        }
        return progress
    }
}
