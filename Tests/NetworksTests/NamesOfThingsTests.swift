import Foundation
import Testing

@testable import Networks

@Suite struct NamesOfThingsTests {
    private func names(most: Int = 5, floor: Float) -> NamesOfThings {
        NamesOfThings(["dog", "dog", "lion", "cup"], most: most, floor: floor)
    }

    /// Logits whose softmax is these shares.
    private func logits(_ shares: [Double]) -> [Float] { shares.map { Float(log($0)) } }

    @Test func `labels of one name are one thing whose probabilities add up`() throws {
        let names = names(floor: 0.1)
        let seen = names.seen([logits([0.3, 0.25, 0.4, 0.05])])
        #expect(seen.map { names.all[$0.name] } == ["dog", "lion"])
        #expect(abs(try #require(seen.first).whole - 0.55) < 1e-5)
    }

    @Test func `the likeliest come first, no more than asked for, none below the floor`() {
        let shares = logits([0.2, 0.1, 0.6, 0.1])
        let (one, likely) = (names(most: 1, floor: 0), names(floor: 0.2))
        #expect(one.seen([shares]).map { one.all[$0.name] } == ["lion"])
        #expect(likely.seen([shares]).map { likely.all[$0.name] } == ["lion", "dog"])
    }

    @Test func `a thing in a part of the picture counts with less conviction`() {
        let names = names(floor: 0.25)
        let seen = names.seen([logits([0.1, 0.1, 0.7, 0.1]), logits([0.01, 0.01, 0.01, 0.97])])
        #expect(seen.map { names.all[$0.name] } == ["lion", "cup"])
        #expect(seen.map { ($0.part * 100).rounded() } == [1, 97])
    }
}
