/// Captions that are generated side by side and know nothing of each other: one greedy or several sampled ones.
struct IndependentSearch {
    enum Chooser {
        /// The likeliest token; of equally likely ones the lowest.
        case likeliest
        case sampler(Sampler)
    }

    struct Caption {
        /// Its place among those that were asked for.
        let number: Int
        var chooser: Chooser
        var hypothesis = Hypothesis()
    }

    /// What the choosers must know of each row of scores.
    let need: TokenScores.Need
    private let maxTokens: Int
    private let endTokens: [Int]
    /// Those that still grow.
    private(set) var live: [Caption]
    private var ended: [Caption] = []
    private var hasBegun = false

    /// One caption of the likeliest tokens.
    static func greedy(maxTokens: Int, endTokens: [Int]) -> IndependentSearch {
        IndependentSearch(choosers: [.likeliest], need: .best(1), maxTokens: maxTokens, endTokens: endTokens)
    }

    /// `count` random captions. Each has random numbers of its own, seeded by the request's, so that the first captions
    /// are the same however many are asked for.
    static func sampling(
        _ count: Int, _ sampling: GenerationOptions.Sampling, seed: UInt64, maxTokens: Int, endTokens: [Int]
    ) -> IndependentSearch {
        var seeds = SplitMix64(seed: seed)
        let choosers = (0..<count).map { _ in
            Chooser.sampler(Sampler(sampling, random: SplitMix64(seed: seeds.next())))
        }
        return IndependentSearch(
            choosers: choosers, need: .distribution(temperature: sampling.temperature), maxTokens: maxTokens,
            endTokens: endTokens)
    }

    private init(choosers: [Chooser], need: TokenScores.Need, maxTokens: Int, endTokens: [Int]) {
        self.need = need
        self.maxTokens = maxTokens
        self.endTokens = endTokens
        live = choosers.enumerated().map { Caption(number: $0.offset, chooser: $0.element) }
    }

    /// Takes the scores of the next token of each live caption (at the first step one that is all captions' own). Returns
    /// for each caption that lives on the index of the scores that it took; its last token is the one to feed.
    mutating func advance(_ scores: [TokenScores]) -> [Int] {
        var parents: [Int] = []
        var following: [Caption] = []
        for (index, caption) in live.enumerated() {
            var caption = caption
            let parent = hasBegun ? index : 0
            let token = caption.choose(scores[parent]) ?? endTokens.first ?? 0
            let isEnd = endTokens.contains(token)
            caption.hypothesis.logProbability += scores[parent].logProbability(token)
            caption.hypothesis.length += 1
            if !isEnd { caption.hypothesis.tokens.append(Int32(token)) }
            if isEnd || caption.hypothesis.length == maxTokens {
                ended.append(caption)
            } else {
                following.append(caption)
                parents.append(parent)
            }
        }
        hasBegun = true
        live = following
        return parents
    }

    /// All captions, best first by score, equally good ones in the order of their numbers.
    var hypotheses: [Hypothesis] {
        (live + ended).sorted { ($1.hypothesis.score, $0.number) < ($0.hypothesis.score, $1.number) }
            .map(\.hypothesis)
    }
}

extension IndependentSearch.Caption {
    /// Nil where nothing may follow.
    fileprivate mutating func choose(_ scores: TokenScores) -> Int? {
        switch chooser {
        case .likeliest: return scores.best.first
        case .sampler(var sampler):
            let token = sampler.draw(scores.probabilities)
            chooser = .sampler(sampler)
            return token
        }
    }
}
