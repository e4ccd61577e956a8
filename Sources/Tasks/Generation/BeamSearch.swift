import Checkpoint
import Glibc

/// A text in the making: generated tokens (without begin, prompt and end) and the sum of their log-probabilities.
struct Hypothesis: Equatable {
    var tokens: [Int32] = []
    var logProbability = 0.0
    /// Generated tokens, the end of the sequence included where it has been reached.
    var length = 0

    /// Mean log-probability of a token. Higher is better.
    /// A smaller power of the length prefers shorter captions, which scored lower on the dev photos (decision 0051).
    var score: Double {
        length == 0 ? 0 : logProbability / Double(length)
    }
}

/// Beam search over one text: which hypotheses live on, which have ended, and when to stop. Knows no network.
///
/// At each step every live hypothesis is continued by every token. Of the best continuations, twice `width` for one end token,
/// those that end the sequence go to the pool if they are among the best `width`; the others fill the beam up to `width`. The search
/// stops when `width` of the pool are not beaten by the best live hypothesis at its present length, or as `earlyStopping` says; or
/// after `maxTokens`, when the live ones join the pool unended. As many again are kept for whoever ranks them by more than their
/// score. The best `width` are those of transformers' `generate`.
struct BeamSearch {
    let width: Int
    let maxTokens: Int
    let endTokens: [Int]
    let lengthPenalty: Double
    let earlyStopping: GenerationConfiguration.EarlyStopping
    /// Best first. One empty hypothesis before the first step; none once the search has finished.
    private(set) var live = [Hypothesis()]
    /// Best first by ``score(of:length:)``, at most 2 · `width`.
    private(set) var pool: [Hypothesis] = []
    private var length = 0

    var isFinished: Bool { live.isEmpty }

    init(
        width: Int, maxTokens: Int, endTokens: [Int], lengthPenalty: Double = 1,
        earlyStopping: GenerationConfiguration.EarlyStopping = .unlikelyToImprove
    ) {
        self.width = width
        self.maxTokens = maxTokens
        self.endTokens = endTokens
        self.lengthPenalty = lengthPenalty
        self.earlyStopping = earlyStopping
    }

    /// Each hypothesis can end once by each of the tokens, so that of so many continuations at least `width` do not end.
    private var continued: Int { max(2, 1 + endTokens.count) * width }

    /// What the search must know of each row of scores.
    var need: TokenScores.Need { .best(continued) }

    /// Takes the scores of the next token of each live hypothesis. Returns for each hypothesis that lives on the index of
    /// the one it continues; its last token is the one to feed.
    mutating func advance(_ scores: [TokenScores]) -> [Int] {
        length += 1
        var parents: [Int] = []
        var following: [Hypothesis] = []
        for (rank, continuation) in continuations(scores).enumerated() {
            var hypothesis = live[continuation.parent]
            hypothesis.logProbability = continuation.logProbability
            hypothesis.length = length
            if endTokens.contains(continuation.token) {
                if rank < width { pool.append(hypothesis) }
            } else if following.count < width {
                hypothesis.tokens.append(Int32(continuation.token))
                following.append(hypothesis)
                parents.append(continuation.parent)
            }
        }
        keepBest()
        live = following
        guard let best = live.first, length < maxTokens, !isEnough(best) else {
            // Those that are there soon enough are no better than those that are cut now.
            if length >= maxTokens, earlyStopping == .asSoonAsEnough || !(live.first.map(isEnough) ?? false) {
                pool += live
                keepBest()
            }
            live = []
            return []
        }
        return parents
    }

    /// Whether there are enough hypotheses in the pool that the best live one is not expected to beat.
    private func isEnough(_ best: Hypothesis) -> Bool {
        guard pool.count >= width else { return false }
        if earlyStopping == .asSoonAsEnough { return true }
        let isHopeful = earlyStopping == .impossibleToImprove && lengthPenalty > 0
        return score(of: best, length: isHopeful ? maxTokens : length) <= score(of: pool[width - 1])
    }

    /// What hypotheses of different lengths are compared by. Higher is better.
    private func score(of hypothesis: Hypothesis, length: Int? = nil) -> Double {
        let length = Double(length ?? hypothesis.length)
        return hypothesis.logProbability / (lengthPenalty == 1 ? length : pow(length, lengthPenalty))
    }

    private struct Continuation {
        let parent: Int
        let token: Int
        let logProbability: Double
    }

    private func continuations(_ scores: [TokenScores]) -> ArraySlice<Continuation> {
        var all: [Continuation] = []
        all.reserveCapacity(scores.count * continued)
        for (parent, row) in scores.enumerated() {
            for token in row.best where row.logits[token] > -.infinity {
                let sum = live[parent].logProbability + row.logProbability(token)
                all.append(Continuation(parent: parent, token: token, logProbability: sum))
            }
        }
        all.sort { ($1.logProbability, $0.parent, $0.token) < ($0.logProbability, $1.parent, $1.token) }
        return all.prefix(continued)
    }

    private mutating func keepBest() {
        // Swift's sort is stable: of two equal scores the earlier stays first.
        pool = pool.sorted { score(of: $0) > score(of: $1) }
        if pool.count > 2 * width { pool.removeLast(pool.count - 2 * width) }
    }
}
