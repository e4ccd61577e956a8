import Checkpoint

/// How the texts of one request are found: what it asks for, and for the rest what its model usually does.
struct SearchPlan {
    var strategy: GenerationOptions.Strategy
    var candidates: Int
    var seed: UInt64?
    var lengthPenalty: Double
    var earlyStopping: GenerationConfiguration.EarlyStopping
    /// Most tokens behind the prompt.
    var maxTokens: Int
    var endTokens: [Int]

    init(_ options: GenerationOptions, _ usual: GenerationConfiguration, maxTokens: Int, endTokens: [Int]) {
        strategy = options.strategy(usual)
        candidates = options.candidates
        seed = options.seed
        lengthPenalty = options.lengthPenalty ?? usual.lengthPenalty
        earlyStopping = usual.earlyStopping
        self.maxTokens = maxTokens
        self.endTokens = endTokens
    }
}

/// The texts of one request while they are searched: by beams, or each by itself. Knows no network.
enum TokenSearch {
    case beams(BeamSearch)
    case independent(IndependentSearch)

    init(_ plan: SearchPlan) {
        switch plan.strategy {
        case .greedy: self = .independent(.greedy(maxTokens: plan.maxTokens, endTokens: plan.endTokens))
        case .sampling(let sampling):
            self = .independent(
                .sampling(
                    plan.candidates, sampling, seed: plan.seed ?? .random(in: .min ... .max), maxTokens: plan.maxTokens,
                    endTokens: plan.endTokens))
        case .beams(let width):
            self = .beams(
                BeamSearch(
                    width: width, maxTokens: plan.maxTokens, endTokens: plan.endTokens,
                    lengthPenalty: plan.lengthPenalty, earlyStopping: plan.earlyStopping))
        }
    }

    /// What must be known of the scores of each live text.
    var need: TokenScores.Need {
        switch self {
        case .beams(let beams): beams.need
        case .independent(let independent): independent.need
        }
    }

    /// Those that grow, each with a row of scores in the next step.
    var live: [Hypothesis] {
        switch self {
        case .beams(let beams): beams.live
        case .independent(let independent): independent.live.map(\.hypothesis)
        }
    }

    /// Takes the scores of the next token of each live text (at the first step one that is all texts' own). Returns for each that
    /// lives on the index of the scores that it took; its last token is the one to feed.
    mutating func advance(_ scores: [TokenScores]) -> [Int] {
        switch self {
        case .beams(var beams):
            let parents = beams.advance(scores)
            self = .beams(beams)
            return parents
        case .independent(var independent):
            let parents = independent.advance(scores)
            self = .independent(independent)
            return parents
        }
    }

    /// The texts, best first: as many as there are beams, or all.
    var hypotheses: [Hypothesis] {
        switch self {
        case .beams(let beams): beams.isFinished ? Array(beams.pool.prefix(beams.width)) : beams.live
        case .independent(let independent): independent.hypotheses
        }
    }

    /// Everything that was found, best first, once it is finished.
    var found: [Hypothesis] { if case .beams(let beams) = self { beams.pool } else { hypotheses } }
}
