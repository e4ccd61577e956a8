import Tensor

/// The logits of one sequence's next token, and what turns them into log-probabilities.
///
/// A view into the decoder's output: valid until the decoder's next step.
struct TokenScores {
    let logits: UnsafeBufferPointer<Float>
    /// log Σ exp(logit): what log-softmax subtracts.
    let normaliser: Double

    /// Reads a row of `logits` once. A logit of −infinity (a token that is never generated) counts as nothing.
    init(_ logits: UnsafeBufferPointer<Float>) {
        self.logits = logits
        normaliser = logits.baseAddress.map { Double(logSumExp($0, count: logits.count)) } ?? -.infinity
    }

    func logProbability(_ token: Int) -> Double {
        Double(logits[token]) - normaliser
    }

    /// The `count` likeliest tokens, best first; of two equally likely ones the lower number comes first.
    func best(_ count: Int) -> [Int] {
        var tokens: [Int] = []
        tokens.reserveCapacity(count + 1)
        // What a logit must exceed to enter. Most blocks of 16 hold nothing that does and cost one comparison.
        var entry = -Float.infinity
        var start = 0
        while start < logits.count {
            let end = min(start + 16, logits.count)
            if tokens.count < count || anyExceeds(entry, start, end) {
                for token in start..<end where logits[token] > entry {
                    let place = tokens.firstIndex { logits[$0] < logits[token] } ?? tokens.count
                    tokens.insert(token, at: place)
                    if tokens.count > count { tokens.removeLast() }
                    if tokens.count == count { entry = logits[tokens[count - 1]] }
                }
            }
            start = end
        }
        return tokens
    }

    private func anyExceeds(_ entry: Float, _ start: Int, _ end: Int) -> Bool {
        guard end - start == 16, let base = logits.baseAddress else {
            return (start..<end).contains { logits[$0] > entry }
        }
        let block = UnsafeRawPointer(base + start).loadUnaligned(as: SIMD16<Float>.self)
        return any(block .> SIMD16(repeating: entry))
    }
}
