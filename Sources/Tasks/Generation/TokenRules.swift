import Checkpoint
import Tensor

/// Which token may follow a text in the making: what transformers' logits processors do to the scores, in their order.
struct TokenRules: Sendable {
    let rules: GenerationConfiguration.Rules
    let endTokens: [Int]
    /// What stands before the text, which counts as text for repetitions and the least length.
    let prompt: [Int32]
    /// Most tokens behind the prompt.
    let maxTokens: Int

    var isEmpty: Bool { rules.isEmpty }

    /// Changes the scores of the next token [vocabulary]: logits, or log-probabilities in a beam search. What must not follow becomes
    /// −infinity.
    /// - Parameter written: the tokens behind the prompt.
    func apply(to scores: UnsafeMutableBufferPointer<Float>, after written: [Int32]) {
        let text = prompt + written
        if rules.repetitionPenalty != 1 { penalise(Set(text), scores) }
        if rules.noRepeatNGram > 0 { forbid(repeated(text, rules.noRepeatNGram), scores) }
        for word in rules.badWords where ends(text, with: word.dropLast()) { forbid(word.suffix(1), scores) }
        if text.count < rules.minLength || written.count < rules.minNewTokens { forbid(endTokens, scores) }
        if let first = rules.forcedFirst, text.count == 1 { force([first], scores) }
        if !rules.forcedLast.isEmpty, written.count == maxTokens - 1 { force(rules.forcedLast, scores) }
        forbid(rules.suppressed, scores)
        if written.isEmpty { forbid(rules.suppressedFirst, scores) }
    }

    private func penalise(_ tokens: Set<Int32>, _ scores: UnsafeMutableBufferPointer<Float>) {
        for token in tokens where scores.indices.contains(Int(token)) {
            let score = scores[Int(token)]
            scores[Int(token)] = score < 0 ? score * rules.repetitionPenalty : score / rules.repetitionPenalty
        }
    }

    /// The tokens that stand behind an earlier occurrence of the last `size` − 1 ones.
    private func repeated(_ text: [Int32], _ size: Int) -> [Int] {
        guard text.count >= size else { return [] }
        let end = text.suffix(size - 1)
        return (0...text.count - size).compactMap { place in
            text[place..<place + size - 1].elementsEqual(end) ? Int(text[place + size - 1]) : nil
        }
    }

    private func ends(_ text: [Int32], with tokens: ArraySlice<Int>) -> Bool {
        text.count >= tokens.count && text.suffix(tokens.count).elementsEqual(tokens) { Int($0) == $1 }
    }

    private func forbid(_ tokens: some Sequence<Int>, _ scores: UnsafeMutableBufferPointer<Float>) {
        for token in tokens where scores.indices.contains(token) { scores[token] = -.infinity }
    }

    private func force(_ tokens: [Int], _ scores: UnsafeMutableBufferPointer<Float>) {
        for token in scores.indices { scores[token] = tokens.contains(token) ? 0 : -.infinity }
    }
}
