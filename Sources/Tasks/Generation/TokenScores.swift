import Tensor

/// The logits of one sequence's next token, and what a search needs of them.
///
/// A view into the decoder's output: valid until the decoder's next step.
struct TokenScores {
    /// What is to be worked out beside the normaliser.
    enum Need: Equatable {
        /// The likeliest tokens.
        case best(Int)
        /// softmax(logits / temperature)
        case distribution(temperature: Double)
    }

    let logits: UnsafeBufferPointer<Float>
    /// log Σ exp(logit): what log-softmax subtracts.
    private(set) var normaliser: Double
    /// The likeliest tokens, best first, as many as were needed; of two equally likely ones the lower number comes first.
    private(set) var best: [Int] = []
    /// The probability of each token, if the distribution was needed.
    private(set) var probabilities: [Float] = []
    /// The model's own logits, where rules have changed them.
    private var own: [Float]?

    /// Reads a row of `logits`, which is not empty. A logit of −infinity (a token that is never generated) counts as
    /// nothing.
    init(_ logits: UnsafeBufferPointer<Float>, need: Need, pool: ComputePool) {
        self.logits = logits
        normaliser = logits.baseAddress.map { Double(logSumExp($0, count: logits.count)) } ?? -.infinity
        switch need {
        case .best(let count): best = likeliest(count)
        case .distribution(let temperature):
            // Colder than this, all but the likeliest are impossible already, and the product would not be finite.
            let scale = Float(min(1 / temperature, 1e30))
            // Subtracting the normaliser first keeps a low temperature from overflowing.
            let shift = Float(normaliser)
            probabilities = logits.map { ($0 - shift) * scale }
            probabilities.withUnsafeMutableBufferPointer { row in
                guard let base = row.baseAddress else { return }
                softmax(base, rows: 1, width: row.count, into: base, pool: pool)
            }
        }
    }

    /// Reads a row of `logits`, to which rules are applied in place.
    /// - Parameters:
    ///   - written: the tokens behind the prompt.
    ///   - isSummed: whether sums of log-probabilities are searched, so that the rules are for them.
    init(
        _ logits: UnsafeMutableBufferPointer<Float>, need: Need, _ rules: TokenRules, after written: [Int32],
        isSummed: Bool, pool: ComputePool
    ) {
        let whole = logits.baseAddress.map { logSumExp($0, count: logits.count) } ?? -.infinity
        let own = isSummed ? nil : Array(logits)
        if isSummed { for token in logits.indices { logits[token] -= whole } }
        rules.apply(to: logits, after: written)
        self.init(UnsafeBufferPointer(logits), need: need, pool: pool)
        normaliser = isSummed ? 0 : Double(whole)
        self.own = own
    }

    /// What a token adds to the log-probability of a text: by the model's own distribution, or in a sum by what the rules made of it.
    func logProbability(_ token: Int) -> Double {
        Double(own?[token] ?? logits[token]) - normaliser
    }

    private func likeliest(_ count: Int) -> [Int] {
        var tokens: [Int] = []
        tokens.reserveCapacity(count + 1)
        // What a logit must exceed to enter. Most blocks hold nothing that does and cost a few comparisons.
        var entry = -Float.infinity
        var start = 0
        while start < logits.count {
            let end = min(start + Self.block, logits.count)
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

    private static let block = 64

    private func anyExceeds(_ entry: Float, _ start: Int, _ end: Int) -> Bool {
        guard end - start == Self.block, let base = logits.baseAddress else {
            return (start..<end).contains { logits[$0] > entry }
        }
        // Four vectors of 16 within the row, since the block is whole.
        let block = UnsafeRawPointer(base + start)
        var highest = block.loadUnaligned(as: SIMD16<Float>.self)
        for part in 1..<4 {
            let next = block.loadUnaligned(fromByteOffset: part * 64, as: SIMD16<Float>.self)
            highest.replace(with: next, where: next .> highest)
        }
        return any(highest .> SIMD16(repeating: entry))
    }
}
