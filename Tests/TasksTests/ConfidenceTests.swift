import Testing

@testable import Checkpoint
@testable import Tasks

@Suite struct ConfidenceTests {
    private func curve(
        offset: Float, _ terms: [(ConfidenceMeasure, weight: Float, usual: Float)]
    ) -> SensoriumConfiguration.ConfidenceCurve {
        SensoriumConfiguration.ConfidenceCurve(
            offset: offset, terms: terms.map { .init(measure: $0, weight: $1, usual: $2) })
    }

    @Test func `a usual answer is as sure as the curve's offset, and what is unusual moves it`() {
        let curve = curve(offset: 0, [(.logOdds, 2, 1), (.seen, -1, 0.5)])
        #expect(Confidence(curve, [.logOdds: 1, .seen: 0.5]).value == 0.5)
        // 1 / (1 + e^-3)
        #expect(abs(Confidence(curve, [.logOdds: 2, .seen: -0.5]).value - 0.952574) < 1e-6)
        #expect(abs(Confidence(curve, [.logOdds: 0]).value - 0.119203) < 1e-6)
    }

    @Test func `what speaks most against an answer is its reason`() {
        let curve = curve(offset: 0, [(.match, 1, 0.5), (.said, 4, 0.5)])
        let reason = Confidence(curve, [.match: 0.1, .said: 0]).reason(toDeclineBelow: 0.5)
        #expect(
            reason
                == "The confidence is 0.08 and had to be 0.50 at least: it names something that is not recognised with certainty."
        )
        #expect(
            Confidence(curve, [.match: 0.1, .said: 1]).reason(toDeclineBelow: 1)
                .hasSuffix("it does not fit the picture well."))
        #expect(
            Confidence(curve, [.match: 0.6, .said: 1]).reason(toDeclineBelow: 1)
                .hasSuffix("even a usual answer is not that sure."))
    }

    @Test func `the odds of certainty are finite`() {
        #expect(Confidence.logOdds(1) == 12)
        #expect(Confidence.logOdds(0) == -12)
        #expect(Confidence.logOdds(0.5) == 0)
    }

    @Test(arguments: [
        ("dog", "a dog is running", true), ("dog", "two dogs are running", true), ("dog", "a hotdog on a plate", false),
        ("box", "three boxes", true), ("tennis ball", "a dog with a tennis ball", true),
        ("tennis ball", "a dog with a ball on a tennis court", false), ("lion", "", false),
    ])
    func `a sentence has a name as words of its own, in either number`(_ name: String, _ sentence: String, _ has: Bool)
    {
        #expect(NamedWords.name(name, standsIn: sentence) == has)
    }
}

@Suite struct CaptionRankingTests {
    @Test func `candidates that were judged stand by their confidence, the likelier first where that is the same`()
        throws
    {
        let model = try TinyModel()
        let generation = try model.start(1, .tiny(beams: 3, candidates: 3))
        #expect(generation.unjudged.isEmpty)
        while !generation.isFinished { model.step([generation]) }
        let before = generation.candidates
        #expect(before.count == 3 && before.allSatisfy { $0.confidence == nil })
        let captions = generation.unjudged
        #expect((3...6).contains(captions.count) && captions.prefix(3).map(\.text) == before.map(\.text))
        generation.judge(captions.indices.map { Confidence(value: $0 == 1 ? 0.9 : $0 == 3 ? 0.1 : 0.2) })
        #expect(generation.candidates.map(\.text) == [1, 0, 2].map { before[$0].text })
        #expect(generation.candidates.map(\.confidence?.value) == [0.9, 0.2, 0.2])
        #expect(generation.unjudged.isEmpty)
    }

    @Test func `one caption is the surest of all that the search found`() throws {
        let model = try TinyModel()
        let generation = try model.start(1, .tiny(beams: 3, candidates: 1))
        while !generation.isFinished { model.step([generation]) }
        let captions = generation.unjudged
        generation.judge(captions.indices.map { Confidence(value: Double($0) / 10) })
        #expect(generation.candidates.map(\.text) == captions.suffix(1).map(\.text))
    }
}
