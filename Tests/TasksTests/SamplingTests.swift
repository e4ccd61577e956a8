import Testing

@testable import Tasks

@Suite struct SamplingTests {
    private func draws(
        _ probabilities: [Float], topP: Double = 1, seed: UInt64 = 7, count: Int = 20_000
    ) -> [Int] {
        var sampler = Sampler(GenerationOptions.Sampling(topP: topP), random: SplitMix64(seed: seed))
        return (0..<count).map { _ in sampler.draw(probabilities) }
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
        let probabilities: [Float] = [0.1, 0.25, 0.65]
        for (share, expected) in zip(shares(draws(probabilities), of: 3), [0.1, 0.25, 0.65]) {
            #expect(abs(share - expected) < 0.015)
        }
    }

    @Test func `only the nucleus is drawn`() {
        let probabilities: [Float] = [0.125, 0.5, 0.125, 0.25]
        #expect(Set(draws(probabilities, topP: 0.4)) == [1])
        #expect(Set(draws(probabilities, topP: 0.5)) == [1])
        #expect(Set(draws(probabilities, topP: 0.7)) == [1, 3])
        #expect(Set(draws(probabilities, topP: 0.8)) == [0, 1, 3], "of equally likely tokens the lower is taken first")
        #expect(Set(draws(probabilities, topP: 1)) == [0, 1, 2, 3])
        let found = shares(draws(probabilities, topP: 0.7), of: 4)
        #expect(abs(found[1] - 2 / 3) < 0.015)
    }

    @Test func `a token without probability is never drawn`() {
        #expect(Set(draws([0, 0.5, 0.5, 0])) == [1, 2])
        #expect(Set(draws([0, 0.5, 0.5, 0], topP: 0.999_999)) == [1, 2])
    }

    @Test func `rounded probabilities that sum to less than topP leave all tokens`() {
        #expect(Set(draws([0.3, 0.3, 0.3], topP: 0.95)) == [0, 1, 2])
    }

    @Test func `the seed decides`() {
        let flat: [Float] = Array(repeating: 0.02, count: 50)
        #expect(draws(flat, seed: 1, count: 50) == draws(flat, seed: 1, count: 50))
        #expect(draws(flat, seed: 1, count: 50) != draws(flat, seed: 2, count: 50))
    }
}
