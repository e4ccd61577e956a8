import Testing

@testable import Tasks

@Suite struct SamplingTests {
    private func draws(
        _ logits: [Float], temperature: Double = 1, topP: Double = 1, seed: UInt64 = 7, count: Int = 20_000
    ) -> [Int] {
        var sampler = Sampler(temperature: temperature, topP: topP, random: SplitMix64(seed: seed))
        return logits.withUnsafeBufferPointer { buffer in
            let scores = TokenScores(buffer)
            return (0..<count).map { _ in sampler.draw(scores) }
        }
    }

    private func shares(_ draws: [Int], of count: Int) -> [Double] {
        (0..<count).map { token in Double(draws.count { $0 == token }) / Double(draws.count) }
    }

    @Test func `the random numbers are SplitMix64's`() {
        // The first outputs of Vigna's splitmix64.c from state 1234567.
        var random = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `tokens are drawn as often as they are likely`() {
        // e^0 : e^1 : e^2
        let total = 1 + 2.718_28 + 7.389_06
        let found = shares(draws([0, 1, 2]), of: 3)
        for (share, expected) in zip(found, [1 / total, 2.718_28 / total, 7.389_06 / total]) {
            #expect(abs(share - expected) < 0.015)
        }
    }

    @Test func `a low temperature sharpens and a high one flattens`() {
        let cold = shares(draws([0, 1, 2], temperature: 0.1), of: 3)
        let hot = shares(draws([0, 1, 2], temperature: 10), of: 3)
        #expect(cold[2] > 0.999)
        #expect(hot.allSatisfy { abs($0 - 1 / 3) < 0.05 })
    }

    @Test func `only the nucleus is drawn`() {
        // Probabilities 0.5, 0.25, 0.125, 0.125.
        let logits: [Float] = [0, -0.693_147, -1.386_294, -1.386_294]
        #expect(Set(draws(logits, topP: 0.4)) == [0])
        #expect(Set(draws(logits, topP: 0.7)) == [0, 1])
        #expect(Set(draws(logits, topP: 0.8)) == [0, 1, 2], "of equally likely tokens the lower is taken first")
        #expect(Set(draws(logits, topP: 1)) == [0, 1, 2, 3])
        let found = shares(draws(logits, topP: 0.7), of: 4)
        #expect(abs(found[0] - 2 / 3) < 0.015)
    }

    @Test func `a token that is never generated is never drawn`() {
        #expect(!draws([-.infinity, 0, 0], temperature: 10).contains(0))
        #expect(!draws([0, 0, -.infinity], temperature: 10, topP: 0.999).contains(2))
    }

    @Test func `the seed decides`() {
        let logits: [Float] = Array(repeating: 0, count: 50)
        #expect(draws(logits, seed: 1, count: 50) == draws(logits, seed: 1, count: 50))
        #expect(draws(logits, seed: 1, count: 50) != draws(logits, seed: 2, count: 50))
    }
}
