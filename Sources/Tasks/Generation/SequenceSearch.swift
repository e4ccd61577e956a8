import Networks
import Tensor

/// The texts of one request while a decoder writes them: what it has to read next for each, and the search that takes what it
/// says. `Memory` is what the texts are about.
///
/// Not thread-safe: it belongs to the thread that steps.
struct SequenceSearch<Memory> {
    private(set) var search: TokenSearch
    /// Tokens generated so far in all hypotheses, the ends included.
    private(set) var generatedTokens = 0
    /// What the decoder knows of each live hypothesis, in the order of the search.
    private var sequences: [DecoderSequence<Memory>]
    /// The tokens that each sequence has not seen yet.
    private var pending: [[Int32]]
    private let rules: TokenRules

    /// - Parameters:
    ///   - next: the tokens that `sequence` has not seen yet, at least one: what the first token is written behind.
    init(_ plan: SearchPlan, rules: TokenRules, _ sequence: DecoderSequence<Memory>, next: [Int32]) {
        search = TokenSearch(plan)
        self.rules = rules
        sequences = [sequence]
        pending = [next]
    }

    /// Whether there is nothing left to generate.
    var isFinished: Bool { sequences.isEmpty }

    /// What the decoder has to continue.
    var inputs: [DecoderInput<DecoderSequence<Memory>>] {
        zip(sequences, pending).map { DecoderInput($0, $1) }
    }

    /// What is to be made of the logits of each of ``inputs``, [vocabulary], which it changes.
    var readers: [@Sendable (UnsafeMutableBufferPointer<Float>, ComputePool) -> TokenScores] {
        let (need, rules) = (search.need, rules)
        guard !rules.isEmpty else {
            return sequences.map { _ in { TokenScores(UnsafeBufferPointer($0), need: need, pool: $1) } }
        }
        let isSummed = if case .beams = search { true } else { false }
        // Before the first step there is one hypothesis for all texts.
        let written = search.live.map(\.tokens).prefix(sequences.count)
        return written.map { written in
            { TokenScores($0, need: need, rules, after: written, isSummed: isSummed, pool: $1) }
        }
    }

    /// Takes the scores of the next token, one for each of ``inputs``.
    mutating func advance(_ scores: [TokenScores]) {
        generatedTokens += search.live.count
        let parents = search.advance(scores)
        pending = search.live.map { $0.tokens.suffix(1) }
        sequences = DecoderSequence.continuing(sequences, parents: parents)
    }
}
