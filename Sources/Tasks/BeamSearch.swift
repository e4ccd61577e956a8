/// A caption in the making: generated tokens (without begin, prompt and end) and the sum of their log-probabilities.
struct Hypothesis: Equatable {
    var tokens: [Int32] = []
    var logProbability = 0.0
    /// Generated tokens, the end of the sequence included where it has been reached.
    var length = 0

    /// What hypotheses of different lengths are compared by: mean log-probability of a token. Higher is better.
    /// A smaller power of the length prefers shorter captions, which scored lower on the dev photos (decision 0051).
    var score: Double {
        length == 0 ? 0 : logProbability / Double(length)
    }
}

/// Beam search over one caption: which hypotheses live on, which have ended, and when to stop. Knows no network.
///
/// At each step every live hypothesis is continued by every token. Of the 2 · `width` best continuations, those that
/// end the sequence go to the pool if they are among the best `width`; the others fill the beam up to `width`. The search stops
/// when `width` of the pool are not beaten by the best live hypothesis at its present length; or after `maxTokens`, when the
/// live ones join the pool unended. As many again are kept for whoever ranks them by more than their score.
struct BeamSearch {
    let width: Int
    let maxTokens: Int
    let endToken: Int
    /// Best first. One empty hypothesis before the first step; none once the search has finished.
    private(set) var live = [Hypothesis()]
    /// Best first by `score`, at most 2 · `width`.
    private(set) var pool: [Hypothesis] = []
    private var length = 0

    var isFinished: Bool { live.isEmpty }

    init(width: Int, maxTokens: Int, endToken: Int) {
        self.width = width
        self.maxTokens = maxTokens
        self.endToken = endToken
    }

    /// What the search must know of each row of scores.
    var need: TokenScores.Need { .best(2 * width) }

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
            if continuation.token == endToken {
                if rank < width { pool.append(hypothesis) }
            } else if following.count < width {
                hypothesis.tokens.append(Int32(continuation.token))
                following.append(hypothesis)
                parents.append(continuation.parent)
            }
        }
        keepBest()
        live = following
        if let best = live.first, length < maxTokens, pool.count < width || best.score > pool[width - 1].score {
            return parents
        }
        if length >= maxTokens, !stopsEarly {
            pool += live
            keepBest()
        }
        live = []
        return []
    }

    /// Whether there are enough hypotheses in the pool that no live one beats at its present length.
    private var stopsEarly: Bool {
        guard pool.count >= width, let best = live.first else { return false }
        return best.score <= pool[width - 1].score
    }

    private struct Continuation {
        let parent: Int
        let token: Int
        let logProbability: Double
    }

    /// The 2 · `width` best: each hypothesis can end once, so that at least `width` of them do not.
    private func continuations(_ scores: [TokenScores]) -> ArraySlice<Continuation> {
        var all: [Continuation] = []
        all.reserveCapacity(scores.count * 2 * width)
        for (parent, row) in scores.enumerated() {
            for token in row.best where row.logits[token] > -.infinity {
                let sum = live[parent].logProbability + row.logProbability(token)
                all.append(Continuation(parent: parent, token: token, logProbability: sum))
            }
        }
        all.sort { ($1.logProbability, $0.parent, $0.token) < ($0.logProbability, $1.parent, $1.token) }
        return all.prefix(2 * width)
    }

    private mutating func keepBest() {
        // Swift's sort is stable: of two equal scores the earlier stays first.
        pool.sort { $0.score > $1.score }
        if pool.count > 2 * width { pool.removeLast(pool.count - 2 * width) }
    }
}
