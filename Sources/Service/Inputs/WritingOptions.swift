import Tasks

/// How a text is to be written: the options that captions, answers and replies share.
enum WritingOptions {
    static let beams = InputOption.integer("beams", in: 1...8, usually: 3)
    static let maxTokens = InputOption.integer("max_tokens", in: 1...4096)
    static let temperature = InputOption.number("temperature", in: 0...10)
    static let topP = InputOption.number("top_p", above: 0, upTo: 1)
    static let seed = InputOption.integer("seed", in: 0...Int.max)
    static let repetitionPenalty = InputOption.number("repetition_penalty", above: 0, upTo: 10)
    static let noRepeatNGram = InputOption.integer("no_repeat_ngram_size", in: 0...100)
    static let lengthPenalty = InputOption.number("length_penalty", in: -10...10)

    static let rules = [
        beams.rule, maxTokens.rule, temperature.rule, topP.rule, seed.rule, repetitionPenalty.rule, noRepeatNGram.rule,
        lengthPenalty.rule,
    ]

    /// What a request says of them. A stream has one beam where it does not say.
    static func read(
        _ inputs: RequestInputs, candidates: Int = 1, prompt: String? = nil, streams: Bool
    ) throws(Problem) -> GenerationOptions {
        var options = GenerationOptions(
            beams: inputs[beams] ?? (streams ? 1 : nil), maxTokens: inputs[maxTokens], candidates: candidates,
            temperature: inputs[temperature], topP: inputs[topP], seed: inputs[seed].map(UInt64.init), prompt: prompt)
        options.repetitionPenalty = inputs[repetitionPenalty]
        options.noRepeatNGram = inputs[noRepeatNGram]
        options.lengthPenalty = inputs[lengthPenalty]
        guard !streams || options.isStreamable else {
            throw Problem(
                .invalidOption,
                "A stream takes one greedy or sampled text, but beams is \(options.beams ?? 1) and candidates is "
                    + "\(options.candidates); set both to 1, or do not stream.",
                members: ["option": .string(options.candidates > 1 ? "candidates" : "beams")])
        }
        return options
    }

    /// Refuses those that were given to a model that chooses among the answers that it knows.
    static func refuse(_ inputs: RequestInputs, _ card: ModelCard) throws(Problem) {
        guard let given = rules.first(where: { inputs.has($0) }) else { return }
        throw Problem(
            .invalidOption,
            "The option \"\(given.name)\" says how an answer is written, but \(card.name) chooses among those that it knows; leave "
                + "it out.", members: ["option": .string(given.name)])
    }
}
