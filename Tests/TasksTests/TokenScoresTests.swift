import Foundation
import Tensor
import Testing

@testable import Tasks

@Suite struct TokenScoresTests {
    private func logits(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in Float(random.nextUnit() * 20 - 10) }
    }

    private func scores<Result>(
        _ logits: [Float], need: TokenScores.Need = .best(1), _ body: (TokenScores) -> Result
    ) -> Result {
        logits.withUnsafeBufferPointer { body(TokenScores($0, need: need, pool: ComputePool(threads: 1))) }
    }

    @Test func `log-probabilities are those of double precision`() {
        for count in [1, 2, 15, 16, 17, 31, 32, 33, 100, 4449] {
            let logits = logits(count, seed: UInt64(count))
            let exact = log(logits.reduce(0) { $0 + exp(Double($1)) })
            scores(logits) { scores in
                for token in [0, count / 2, count - 1] {
                    #expect(abs(scores.logProbability(token) - (Double(logits[token]) - exact)) < 5e-6)
                }
            }
        }
    }

    @Test func `a token that is never generated has no part in the normaliser`() {
        let rest = logits(20, seed: 3)
        let all = scores(rest) { $0.normaliser }
        #expect(abs(scores([-.infinity] + rest) { $0.normaliser } - all) < 1e-6)
        #expect(scores([-.infinity] + rest) { $0.logProbability(0) } == -.infinity)
    }

    @Test func `huge logits do not overflow`() {
        #expect(abs(scores([3e4, 3e4, -3e4]) { $0.logProbability(0) } + log(2.0)) < 1e-2)
    }

    @Test(arguments: [1, 2, 3, 6, 16]) func `the best tokens are what sorting finds`(count: Int) {
        for size in [16, 17, 63, 64, 65, 333, 4449] {
            // Few distinct values, so that there are ties to be broken by the lower number.
            let logits = logits(size, seed: UInt64(size)).map { $0.rounded() }
            let sorted = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
            #expect(scores(logits, need: .best(count)) { $0.best } == Array(sorted.prefix(count)))
        }
    }

    @Test func `asking for more tokens than there are gives all of them`() {
        #expect(scores([1, 3, 2], need: .best(16)) { $0.best } == [1, 2, 0])
    }

    @Test(arguments: [1e-10, 1e-40, .leastNonzeroMagnitude] as [Double])
    func `at next to no temperature the likeliest token is certain`(
        temperature: Double
    ) {
        for logits in [[-.infinity, 1, 3, 2.999], logits(500, seed: 4)] as [[Float]] {
            let likeliest = scores(logits) { $0.best[0] }
            let certain = logits.indices.map { $0 == likeliest ? Float(1) : 0 }
            #expect(scores(logits, need: .distribution(temperature: temperature)) { $0.probabilities } == certain)
        }
    }

    @Test(arguments: [0.01, 0.5, 1, 2, 10]) func `the distribution is softmax at the temperature`(temperature: Double) {
        let logits = [-.infinity] + logits(500, seed: 9)
        let weights = logits.map { exp((Double($0) - 10) / temperature) }
        let total = weights.reduce(0, +)
        scores(logits, need: .distribution(temperature: temperature)) { scores in
            #expect(scores.probabilities[0] == 0)
            for (probability, weight) in zip(scores.probabilities, weights) {
                #expect(abs(Double(probability) - weight / total) < 1e-5)
            }
        }
    }
}
