import Checkpoint

/// How a text is to be generated, as far as a request says so: the rest is as the model usually does.
public struct GenerationOptions: Sendable, Equatable {
    /// Width of the beam search, 1 to 8; 1 is greedy. Not used when sampling.
    public var beams: Int?
    /// Most tokens to generate, the end of the sequence included and the prompt not: 1 to the model's limit.
    public var maxTokens: Int?
    /// How many texts to return, 1 to 8: at most `beams`, or any number of samples.
    public var candidates: Int
    /// Makes it sample: 0 < temperature ≤ 10 divides the logits. 0 means greedy.
    public var temperature: Double?
    /// Makes it sample: only the likeliest tokens that together hold this much probability are drawn, 0 < topP ≤ 1.
    public var topP: Double?
    /// Start of the random numbers; without one, each request has other samples.
    public var seed: UInt64?
    /// Divides the logits of tokens that are there already, 0 < penalty ≤ 10.
    public var repetitionPenalty: Double?
    /// So many tokens in a row occur once only; 0: any.
    public var noRepeatNGram: Int?
    /// The power of the length by which a beam's log-probability is divided, −10 to 10: above 0, longer texts are preferred.
    public var lengthPenalty: Double?
    /// The words that the text begins with; where the model is told what to do in words, what it is told.
    public var prompt: String?
    /// Whether captions shall say what in the image each of their words came from.
    public var explain: Bool

    /// One text, as the model usually writes it, except for what is given.
    public init(
        beams: Int? = nil, maxTokens: Int? = nil, candidates: Int = 1, temperature: Double? = nil, topP: Double? = nil,
        seed: UInt64? = nil, prompt: String? = nil, explain: Bool = false
    ) {
        self.beams = beams
        self.maxTokens = maxTokens
        self.candidates = candidates
        self.temperature = temperature
        self.topP = topP
        self.seed = seed
        self.prompt = prompt
        self.explain = explain
    }

    /// The way of choosing tokens.
    enum Strategy: Equatable {
        case greedy
        case beams(Int)
        case sampling(Sampling)
    }

    /// What tokens are drawn from.
    struct Sampling: Equatable {
        var temperature = 1.0
        var topP = 1.0
        /// 0: any.
        var topK = 0
        var minP = 0.0
    }

    /// What the options ask for.
    func strategy(_ usual: GenerationConfiguration) -> Strategy {
        if temperature == 0 { return .greedy }
        let beams = self.beams ?? usual.beams
        if temperature != nil || topP != nil || usual.samples && beams == 1 {
            return .sampling(
                Sampling(
                    temperature: temperature ?? usual.temperature, topP: topP ?? usual.topP, topK: usual.topK,
                    minP: usual.minP))
        }
        return beams == 1 ? .greedy : .beams(beams)
    }

    /// Whether tokens come one after the other and stay, so that a text can be streamed.
    func isStreamable(_ usual: GenerationConfiguration) -> Bool {
        if case .beams = strategy(usual) { return false }
        return candidates == 1
    }

    /// The same where one beam is all that a model would use: a stream's request names more or none.
    public var isStreamable: Bool { isStreamable(GenerationConfiguration()) }

    /// What may follow what, with what the request adds.
    func rules(_ usual: GenerationConfiguration) -> GenerationConfiguration.Rules {
        var rules = usual.rules
        if let repetitionPenalty { rules.repetitionPenalty = Float(repetitionPenalty) }
        if let noRepeatNGram { rules.noRepeatNGram = noRepeatNGram }
        return rules
    }

    /// Throws `TaskError.invalidOption` for the first option outside its range.
    /// - Parameters:
    ///   - longest: the most tokens that the model generates.
    ///   - usual: what the model does where the options do not say.
    func validate(longest: Int, _ usual: GenerationConfiguration) throws(TaskError) {
        if let beams { try check("beams", beams, in: 1...8) }
        if let maxTokens { try check("max_tokens", maxTokens, in: 1...longest) }
        try check("candidates", candidates, in: 1...8)
        if let temperature, !(0...10).contains(temperature) {
            throw .invalidOption("temperature", "is \(temperature), but must be a number from 0 to 10")
        }
        if let topP, !(topP > 0 && topP <= 1) {
            throw .invalidOption("top_p", "is \(topP), but must be above 0 and at most 1")
        }
        if let repetitionPenalty, !(repetitionPenalty > 0 && repetitionPenalty <= 10) {
            throw .invalidOption("repetition_penalty", "is \(repetitionPenalty), but must be above 0 and at most 10")
        }
        if let noRepeatNGram { try check("no_repeat_ngram_size", noRepeatNGram, in: 0...100) }
        if let lengthPenalty, !(-10...10).contains(lengthPenalty) {
            throw .invalidOption("length_penalty", "is \(lengthPenalty), but must be a number from -10 to 10")
        }
        switch strategy(usual) {
        case .greedy where candidates > 1:
            throw .invalidOption(
                "candidates", "is \(candidates), but greedy generation has one text: raise beams or temperature")
        case .beams(let beams) where candidates > beams:
            throw .invalidOption("candidates", "is \(candidates), but must be at most beams, which is \(beams)")
        default: break
        }
    }

    private func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(TaskError) {
        guard range.contains(value) else {
            throw .invalidOption(name, "is \(value), but must be from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// One generated text.
public struct TextCandidate: Sendable, Equatable {
    /// What is written, the words of a prompt that it begins with included. A caption of our own: lower case, no full stop, the
    /// pieces joined by blanks, "##" glued.
    public let text: String
    /// Sum of the log-probabilities of the generated tokens (the end included if it was reached, the prompt not), under
    /// the model's own distribution whatever the temperature.
    public let logProbability: Double
    /// The word pieces, those of a prompt that it begins with included, begin and end not.
    public let tokens: [String]
    /// The same as numbers in the vocabulary; of a caption of our own an article as the decoder chose it, before it knew the word behind it.
    public let ids: [Int]
    /// Whether the model ended it; false where it was cut at the most tokens.
    public var isEnded = true
    /// Where it was asked for: for each of `tokens` how much the last layer looked at each token of the image before it
    /// wrote it, mean over heads; the sum is 1. An image's tokens are its grid row by row.
    public var attention: [[Float]]?
    /// How sure the model is that it is right; nil where it does not say.
    public var confidence: Confidence?
}
