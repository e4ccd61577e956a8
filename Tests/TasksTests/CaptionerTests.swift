import Foundation
import Testing

@testable import Tasks

@Suite struct CaptionerTests {
    private let model: TinyModel
    private let golden: [TinyModel.Golden.Image]

    init() throws {
        model = try TinyModel()
        golden = try TinyModel.golden()
    }

    private func options(of image: TinyModel.Golden.Image, beams: Int) -> GenerationOptions {
        .tiny(
            beams: beams, maxTokens: image.maxTokens, candidates: beams,
            prompt: image.prompt.map { model.vocabulary.pieces[$0] }.joined(separator: " "))
    }

    private func expectEqual(_ found: [TextCandidate], _ expected: [TinyModel.Golden.Caption]) {
        #expect(found.map(\.ids) == expected.map(\.ids))
        for (candidate, caption) in zip(found, expected) {
            #expect(abs(candidate.logProbability - caption.logProbability) < 1e-4)
        }
    }

    @Test func `greedy captions are those of PyTorch`() throws {
        for image in golden {
            expectEqual(try model.candidates(image.seed, options(of: image, beams: 1)), [image.greedy])
        }
    }

    @Test(arguments: [2, 3, 5]) func `beam search finds what PyTorch finds`(beams: Int) throws {
        for image in golden {
            let expected = try #require(image.beams["\(beams)"])
            expectEqual(try model.candidates(image.seed, options(of: image, beams: beams)), expected)
        }
    }

    /// Requests of every kind, for the tests of company.
    private var requests: [(seed: UInt64, options: GenerationOptions)] {
        [
            (1, .tiny(beams: 1)),
            (2, .tiny(beams: 3)),
            (3, .tiny(beams: 8, maxTokens: 5, candidates: 8)),
            (4, .tiny(candidates: 4, temperature: 1, seed: 11)),
            (5, .tiny(beams: 2, prompt: "a dog")),
            (6, .tiny(temperature: 0.7, topP: 0.8, seed: 3, prompt: "two")),
        ]
    }

    @Test func `what a request gets does not depend on its company, the threads or when it joins`() throws {
        let alone = try requests.map { try model.candidates($0.seed, $0.options) }
        for threads in 1...4 {
            let model = try TinyModel(threads: threads)
            let together = try model.start(requests)
            while together.contains(where: { !$0.isFinished }) { model.step(together) }
            #expect(together.map(\.candidates) == alone)

            // One joins at each step, and the order within the step is turned.
            var joined: [CaptionGeneration] = []
            for request in requests {
                joined.append(try model.start(request.seed, request.options))
                model.step(joined.reversed())
            }
            while joined.contains(where: { !$0.isFinished }) { model.step(joined) }
            #expect(joined.map(\.candidates) == alone)
        }
    }

    @Test func `random company changes nothing`() throws {
        let iterations = ProcessInfo.processInfo.environment["SENSORIUM_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 40
        var random = SplitMix64(seed: 2024)
        let kinds = requests
        let alone = try kinds.map { try model.candidates($0.seed, $0.options) }
        var running: [(kind: Int, generation: CaptionGeneration)] = []
        for _ in 0..<iterations {
            for _ in 0..<Int.random(in: 0...3, using: &random) where running.count < 12 {
                let kind = Int.random(in: 0..<kinds.count, using: &random)
                running.append((kind, try model.start(kinds[kind].seed, kinds[kind].options)))
            }
            // Some have to wait for their turn, and some clients go away.
            model.step(running.map(\.generation).shuffled(using: &random).dropLast(running.count / 4))
            if Int.random(in: 0..<8, using: &random) == 0, !running.isEmpty { running.removeFirst() }
            for (kind, generation) in running where generation.isFinished {
                #expect(generation.candidates == alone[kind])
            }
            running.removeAll { $0.generation.isFinished }
        }
    }

    @Test func `a request that is dropped leaves the others as they were`() throws {
        let alone = try model.candidates(2, .tiny(beams: 3))
        let kept = try model.start(2, .tiny(beams: 3))
        let dropped = try model.start(3, .tiny(beams: 8))
        model.step([dropped, kept])
        model.step([dropped, kept])
        while !kept.isFinished { model.step([kept]) }
        #expect(kept.candidates == alone)
    }

    @Test func `the texts of all steps joined are the caption`() throws {
        for seed in 1...8 {
            for options in [
                GenerationOptions.tiny(beams: 1),
                .tiny(temperature: 1.5, seed: UInt64(seed)),
                .tiny(beams: 1, prompt: "the dogs"),
            ] {
                let generation = try model.start(UInt64(seed), options)
                var text = ""
                while !generation.isFinished {
                    model.step([generation])
                    text += generation.newText
                }
                #expect(text == generation.candidates[0].text)
            }
        }
    }

    @Test func `a beam search streams nothing, since its text is not final`() throws {
        let generation = try model.start(1, .tiny(beams: 2))
        while !generation.isFinished {
            model.step([generation])
            #expect(generation.newText.isEmpty)
        }
    }

    @Test func `no more tokens are generated than asked for`() throws {
        for maxTokens in [1, 2, 7, 16] {
            for beams in [1, 4] {
                let options = GenerationOptions.tiny(beams: beams, maxTokens: maxTokens, candidates: beams)
                let candidates = try model.candidates(4, options)
                #expect(candidates.allSatisfy { $0.ids.count <= maxTokens })
                #expect(!candidates.isEmpty)
            }
        }
    }

    @Test func `a prompt and a caption share the position table`() throws {
        let options = GenerationOptions.tiny(
            beams: 2, maxTokens: 16, prompt: Array(repeating: "dog", count: 15).joined(separator: " "))
        #expect(try model.candidates(1, options)[0].ids.count <= 16)
        #expect(throws: TaskError.promptTooLong(tokens: 16, limit: 15)) {
            try model.start(1, .tiny(prompt: Array(repeating: "dog", count: 16).joined(separator: " ")))
        }
    }

    @Test func `samples depend on the seed alone, and the first ones not on how many there are`() throws {
        func samples(_ count: Int, seed: UInt64?) throws -> Set<[Int]> {
            Set(
                try model.candidates(2, .tiny(candidates: count, temperature: 1.5, seed: seed))
                    .map(\.ids))
        }
        #expect(try samples(6, seed: 1) == samples(6, seed: 1))
        #expect(try samples(6, seed: 1) != samples(6, seed: 2))
        #expect(try samples(6, seed: nil) != samples(6, seed: nil))
        #expect(try samples(3, seed: 1).isSubset(of: samples(6, seed: 1)))
    }

    @Test func `candidates come best first and each once`() throws {
        let candidates = try model.candidates(1, .tiny(beams: 8, candidates: 8))
        #expect(candidates.count == 8)
        #expect(Set(candidates.map(\.ids)).count == 8)
        let three = try model.candidates(1, .tiny(beams: 8, candidates: 3))
        #expect(three == Array(candidates.prefix(3)))
    }

    @Test func `temperature 0 is greedy`() throws {
        #expect(
            try model.candidates(3, .tiny(temperature: 0, topP: 0.5))
                == model.candidates(3, .tiny(beams: 1)))
    }

    @Test func `a log-probability is that of the tokens, whatever the temperature`() throws {
        // Near zero, sampling finds the greedy caption, which has one log-probability.
        let cold = try model.candidates(2, .tiny(temperature: 1e-4, seed: 1))
        #expect(cold == (try model.candidates(2, .tiny(beams: 1))))
    }

    @Test func `a step of finished and no requests does nothing`() throws {
        let generation = try model.start(1, .tiny(beams: 1, maxTokens: 1))
        model.step([generation])
        #expect(generation.isFinished)
        let candidates = generation.candidates
        model.step([generation])
        model.step([])
        #expect(generation.candidates == candidates)
    }
}
