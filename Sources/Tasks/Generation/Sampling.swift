import Glibc

/// Steele's SplitMix64 (Fast Splittable Pseudorandom Number Generators, OOPSLA 2014): 64 bits of state, the same
/// numbers from the same seed on every machine.
public struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// A generator whose numbers depend on `seed` alone.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var x = state
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }

    /// 53 random bits as a number in [0, 1).
    public mutating func nextUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}

/// Draws tokens from softmax(logits / temperature), cut to the `topK` likeliest (Fan et al. 2018), of those to the nucleus that holds
/// `topP` of their probability (Holtzman et al. 2020), and to what is at least `minP` times as likely as the likeliest (Nguyen et al.
/// 2024). One sampler per text: what it draws depends on its seed and on the logits alone.
struct Sampler {
    private let sampling: GenerationOptions.Sampling
    private var random: SplitMix64

    init(_ sampling: GenerationOptions.Sampling, random: SplitMix64) {
        self.sampling = sampling
        self.random = random
    }

    /// Draws from `probabilities`, which sum to about 1.
    mutating func draw(_ probabilities: [Float]) -> Int {
        if sampling.topP == 1, sampling.topK == 0, sampling.minP == 0 {
            return draw(probabilities.enumerated().lazy.map { ($0.offset, $0.element) })
        }
        return draw(candidates(probabilities).lazy.map { ($0, probabilities[$0]) })
    }

    /// What may be drawn, likeliest first, of equally likely ones the lower first.
    private func candidates(_ probabilities: [Float]) -> ArraySlice<Int> {
        if sampling.topK == 0, sampling.minP == 0 { return nucleus(of: probabilities) }
        var tokens = probabilities.indices.filter { probabilities[$0] > 0 }
        tokens.sort { (probabilities[$1], $0) < (probabilities[$0], $1) }
        if sampling.topK > 0, tokens.count > sampling.topK {
            // As many as are as likely as the last of them stay, too.
            let least = probabilities[tokens[sampling.topK - 1]]
            tokens.removeAll { probabilities[$0] < least }
        }
        var kept = tokens[...]
        if sampling.topP < 1 {
            let total = tokens.reduce(0) { $0 + Double(probabilities[$1]) }
            kept = holding(sampling.topP * total, of: tokens, probabilities)
        }
        guard let likeliest = kept.first else { return kept }
        let least = Double(probabilities[likeliest]) * sampling.minP
        return kept.prefix { Double(probabilities[$0]) >= least }
    }

    private mutating func draw(_ tokens: some Sequence<(token: Int, probability: Float)>) -> Int {
        var rest = random.nextUnit() * tokens.reduce(0) { $0 + Double($1.probability) }
        // Rounding can leave a little of `rest` after the last token: the last one with any probability takes it.
        var drawn = 0
        for (token, probability) in tokens where probability > 0 {
            drawn = token
            rest -= Double(probability)
            if rest < 0 { break }
        }
        return drawn
    }

    /// The fewest tokens that together hold at least `topP`, likeliest first, of equally likely ones the lower first.
    private func nucleus(of probabilities: [Float]) -> ArraySlice<Int> {
        // All tokens below this probability together hold less than 1 − topP: none of them is in the nucleus, and the
        // few hundred that are left are quickly sorted.
        let floor = Float((1 - sampling.topP) / Double(probabilities.count))
        var tokens: [Int] = []
        for token in probabilities.indices where probabilities[token] >= floor { tokens.append(token) }
        tokens.sort { (probabilities[$1], $0) < (probabilities[$0], $1) }
        return holding(sampling.topP, of: tokens, probabilities)
    }

    /// The fewest of the first tokens that together hold at least `share`.
    private func holding(_ share: Double, of tokens: [Int], _ probabilities: [Float]) -> ArraySlice<Int> {
        var held = 0.0
        let last = tokens.firstIndex { token in
            held += Double(probabilities[token])
            return held >= share
        }
        return tokens.prefix((last ?? tokens.count - 1) + 1)
    }
}
