import Foundation
import Tensor
import Testing

@testable import Tasks

@Suite struct BeamSearchTests {
    // Tokens: 0 begin (never generated), 1 end, 2 to 5 words.

    /// Scores of rows of probabilities of the tokens from 1 on.
    private func advance(_ search: inout BeamSearch, _ rows: [[Float]]) -> [Int] {
        let logits = rows.map { [-Float.infinity] + $0.map(log) }
        let width = logits[0].count
        return logits.flatMap(\.self).withUnsafeBufferPointer { all in
            let scores = rows.indices.map { row in
                TokenScores(
                    UnsafeBufferPointer(rebasing: all[row * width..<(row + 1) * width]), need: search.need,
                    pool: ComputePool(threads: 1))
            }
            return search.advance(scores)
        }
    }

    @Test func `the first step makes one hypothesis into a beam of the best words`() {
        var search = BeamSearch(width: 2, maxTokens: 5, endTokens: [1])
        #expect(advance(&search, [[0.1, 0.2, 0.4, 0.25, 0.05]]) == [0, 0])
        #expect(search.live.map(\.tokens) == [[3], [4]])
        #expect(abs(search.live[0].logProbability - log(0.4)) < 1e-6)
        #expect(search.pool.isEmpty)
    }

    @Test func `an end counts only among the best of the beam's width`() {
        var third = BeamSearch(width: 2, maxTokens: 5, endTokens: [1])
        _ = advance(&third, [[0.2, 0.35, 0.3, 0.1, 0.05]])
        #expect(third.pool.isEmpty)
        var second = BeamSearch(width: 2, maxTokens: 5, endTokens: [1])
        _ = advance(&second, [[0.3, 0.35, 0.2, 0.1, 0.05]])
        #expect(second.pool.map(\.tokens) == [[]])
        #expect(second.live.map(\.tokens) == [[2], [3]], "the beam is filled up from behind the end")
    }

    @Test func `the search stops when no live hypothesis beats the pool at its present length`() {
        var search = BeamSearch(width: 1, maxTokens: 9, endTokens: [1])
        #expect(advance(&search, [[0.6, 0.1, 0.1, 0.1, 0.1]]).isEmpty)
        #expect(search.isFinished)
        #expect(search.pool.map(\.tokens) == [[]])
        #expect(search.pool.map(\.length) == [1])
    }

    @Test func `the search goes on while a live hypothesis beats the worst of the pool`() {
        var search = BeamSearch(width: 1, maxTokens: 9, endTokens: [1])
        // The end is second best: it does not leave the beam, and there is no pool to be beaten.
        #expect(advance(&search, [[0.4, 0.6, 0, 0, 0]]) == [0])
        #expect(!search.isFinished)
    }

    @Test func `hypotheses are compared by mean log-probability of a token`() {
        let short = Hypothesis(tokens: [2], logProbability: -2, length: 2)
        let long = Hypothesis(tokens: [2, 3, 4], logProbability: -3, length: 4)
        #expect(long.score > short.score)
        #expect(abs(long.score + 0.75) < 1e-12)
    }

    @Test func `hypotheses still alive after the last token join the pool without an end`() {
        var search = BeamSearch(width: 2, maxTokens: 2, endTokens: [1])
        let row: [Float] = [0.01, 0.5, 0.3, 0.1, 0.09]
        _ = advance(&search, [row])
        #expect(advance(&search, [row, row]).isEmpty)
        #expect(search.isFinished)
        #expect(search.pool.map(\.tokens) == [[2, 2], [2, 3]])
    }

    @Test func `a hypothesis without good continuations dies and its sister has two`() {
        var search = BeamSearch(width: 2, maxTokens: 5, endTokens: [1])
        _ = advance(&search, [[0.01, 0.8, 0.15, 0.02, 0.02]])
        let row: [Float] = [0.01, 0.46, 0.44, 0.05, 0.04]
        #expect(advance(&search, [row, row]) == [0, 0])
        #expect(search.live.map(\.tokens) == [[2, 2], [2, 3]])
    }

    @Test func `a vocabulary smaller than the beam leaves a narrower beam`() {
        var search = BeamSearch(width: 4, maxTokens: 3, endTokens: [1])
        #expect(advance(&search, [[0.5, 0.5]]) == [0])
        #expect(search.live.map(\.tokens) == [[2]])
        #expect(search.pool.map(\.tokens) == [[]])
    }

    @Test func `equal scores keep the order of hypotheses and tokens`() {
        var search = BeamSearch(width: 2, maxTokens: 5, endTokens: [1])
        let flat: [Float] = [0.001, 0.25, 0.25, 0.25, 0.249]
        _ = advance(&search, [flat])
        #expect(search.live.map(\.tokens) == [[2], [3]])
        #expect(advance(&search, [flat, flat]) == [0, 0])
        #expect(search.live.map(\.tokens) == [[2, 2], [2, 3]])
    }
}
