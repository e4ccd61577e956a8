import Networks

extension BLIPGenerator: GeneratingModel {
    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: [answers ? "vqa" : "caption"])
        card.maxCaptionTokens = longestText
        if answers { card.answeredInput = picture } else { card.captionInput = picture }
        return card
    }

    /// What is wrong with options for this model: throws `TaskError`.
    public func validate(_ options: GenerationOptions) throws {
        try options.validate(longest: longestText, usual)
        guard !options.explain else {
            throw TaskError.invalidOption(
                "explain", "is true, but the model \(identity.name) does not say where words came from: leave it out")
        }
        _ = try prompt(options.prompt)
    }

    /// Begins captions, or answers: one pass of the image tower over all pictures.
    public func start(
        _ requests: [GenerationRequest], pause: () -> Void
    ) -> [Result<TextGeneration<CrossAttentionMemory>, any Error>] {
        let asked = requests.map { request in Result { try self.asked(request) } }
        let sound = asked.compactMap { try? $0.get() }
        let states = encode(pictures: sound.map(\.pixels), pause: pause)
        var memories =
            (answers
            ? self.memories(ofQuestions: sound.map(\.question), about: states, pause: pause)
            : self.memories(ofPictures: states, pause: pause))[...]
        return asked.map { asked in
            asked.flatMap { asked in
                Result {
                    guard let memory = memories.popFirst() else {
                        throw TaskError.taskNotAvailable("vqa", model: identity.name)
                    }
                    return begin(asked.options, prompt: asked.prompt, about: memory)
                }
            }
        }
    }

    /// What one request asks for.
    private struct Asked {
        let pixels: [Float]
        /// Token ids; empty for a caption.
        let question: [Int32]
        let prompt: [Int32]
        let options: GenerationOptions
    }

    private func asked(_ request: GenerationRequest) throws -> Asked {
        switch request {
        case .caption(image: .pixels(let pixels), let options) where !answers:
            return Asked(pixels: pixels, question: [], prompt: try prompt(options.prompt), options: options)
        case .answer(image: .pixels(let pixels), let question, let options) where answers:
            return Asked(
                pixels: pixels, question: encode(question: question), prompt: try prompt(nil), options: options)
        default: throw TaskError.taskNotAvailable(answers ? "caption" : "vqa", model: identity.name)
        }
    }

    /// How far a text is.
    public func progress(of text: TextGeneration<CrossAttentionMemory>) -> GenerationProgress {
        guard text.isFinished else { return GenerationProgress(newText: text.newText) }
        return GenerationProgress(
            newText: text.newText,
            result: answers ? .answers(text.candidates) : .captions(text.candidates, seen: []))
    }
}
