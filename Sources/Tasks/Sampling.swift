import Glibc

/// Steele's SplitMix64 (Fast Splittable Pseudorandom Number Generators, OOPSLA 2014): 64 bits of state, the same
/// numbers from the same seed on every machine.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var x = state
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }

    /// 53 random bits as a number in [0, 1).
    mutating func nextUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}

/// Draws tokens from softmax(logits / temperature), cut to the nucleus that holds `topP` of the probability (Holtzman
/// et al. 2020). One sampler per caption: what it draws depends on its seed and on the logits alone.
struct Sampler {
    let temperature: Double
    let topP: Double
    private var random: SplitMix64

    init(temperature: Double, topP: Double, random: SplitMix64) {
        self.temperature = temperature
        self.topP = topP
        self.random = random
    }

    mutating func draw(_ scores: TokenScores) -> Int {
        let logits = scores.logits
        let maximum = logits.reduce(-.infinity, max)
        var weights = [Double](repeating: 0, count: logits.count)
        var total = 0.0
        for token in logits.indices {
            weights[token] = exp(Double(logits[token] - maximum) / temperature)
            total += weights[token]
        }
        let nucleus = topP < 1 ? nucleus(of: weights, total: total) : Array(weights.indices)
        let mass = topP < 1 ? nucleus.reduce(0) { $0 + weights[$1] } : total
        var rest = random.nextUnit() * mass
        // Rounding can leave a little of `rest` after the last token: the last one with any weight takes it.
        var drawn = nucleus[0]
        for token in nucleus where weights[token] > 0 {
            drawn = token
            rest -= weights[token]
            if rest < 0 { break }
        }
        return drawn
    }

    /// The fewest tokens that together hold at least `topP`, likeliest first.
    private func nucleus(of weights: [Double], total: Double) -> [Int] {
        // All tokens below this weight together hold less than 1 − topP: none of them is in the nucleus, and the few
        // hundred that are left are quickly sorted.
        let floor = total * (1 - topP) / Double(weights.count)
        var tokens = weights.indices.filter { weights[$0] >= floor }
        tokens.sort { (weights[$1], $0) < (weights[$0], $1) }
        var held = 0.0
        let last = tokens.firstIndex { token in
            held += weights[token]
            return held >= topP * total
        }
        return Array(tokens.prefix((last ?? tokens.count - 1) + 1))
    }
}
