/// How a caption is to be generated. Defaults are those of `POST /v1/caption`.
public struct CaptionOptions: Sendable, Equatable {
    /// Width of the beam search, 1 to 8; 1 is greedy. Not used when sampling.
    public var beams: Int
    /// Most tokens to generate, the end of the sequence included and the prompt not: 1 to the model's limit.
    public var maxTokens: Int
    /// How many captions to return, 1 to 8: at most `beams`, or any number of samples.
    public var candidates: Int
    /// Makes it sample: 0 < temperature ≤ 10 divides the logits. 0 means greedy.
    public var temperature: Double?
    /// Makes it sample: only the likeliest tokens that together hold this much probability are drawn, 0 < topP ≤ 1.
    public var topP: Double?
    /// Start of the random numbers; without one, each request has other samples.
    public var seed: UInt64?
    /// The words that the caption begins with.
    public var prompt: String?
    /// Whether captions shall say what in the image each of their words came from.
    public var explain: Bool

    /// Three beams, at most thirty tokens and one caption, except for what is given.
    public init(
        beams: Int = 3, maxTokens: Int = 30, candidates: Int = 1, temperature: Double? = nil, topP: Double? = nil,
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

    enum Strategy: Equatable {
        case greedy
        case beams(Int)
        case sampling(temperature: Double, topP: Double)
    }

    /// What the options ask for.
    var strategy: Strategy {
        if temperature == 0 { return .greedy }
        if temperature != nil || topP != nil { return .sampling(temperature: temperature ?? 1, topP: topP ?? 1) }
        return beams == 1 ? .greedy : .beams(beams)
    }

    /// Whether tokens come one after the other and stay, so that a caption can be streamed.
    public var isStreamable: Bool {
        if case .beams = strategy { return false }
        return candidates == 1
    }

    /// Throws `TaskError.invalidOption` for the first option outside its range.
    /// - Parameter longest: the most tokens that the model generates.
    public func validate(longest: Int) throws(TaskError) {
        try check("beams", beams, in: 1...8)
        try check("max_tokens", maxTokens, in: 1...longest)
        try check("candidates", candidates, in: 1...8)
        if let temperature, !(0...10).contains(temperature) {
            throw .invalidOption("temperature", "is \(temperature), but must be a number from 0 to 10")
        }
        if let topP, !(topP > 0 && topP <= 1) {
            throw .invalidOption("top_p", "is \(topP), but must be above 0 and at most 1")
        }
        switch strategy {
        case .greedy where candidates > 1:
            throw .invalidOption(
                "candidates", "is \(candidates), but greedy generation has one caption: raise beams or temperature")
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

/// One generated caption.
public struct CaptionCandidate: Sendable, Equatable {
    /// Lower case, no full stop: the pieces joined by blanks, "##" glued.
    public let text: String
    /// Sum of the log-probabilities of the generated tokens (the end included if it was reached, the prompt not), under
    /// the model's own distribution whatever the temperature.
    public let logProbability: Double
    /// The word pieces, the prompt's included, begin and end not.
    public let tokens: [String]
    /// The same as numbers in the caption vocabulary; an article as the decoder chose it, before it knew the word behind it.
    public let ids: [Int]
    /// Where it was asked for: for each of `tokens` how much the last layer looked at each token of the image before it
    /// wrote it, mean over heads; the sum is 1. An image's tokens are its grid row by row.
    public var attention: [[Float]]?
    /// How sure the model is that it is right; nil where it does not say.
    public var confidence: Confidence?
}
