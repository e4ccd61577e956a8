import Foundation
import Testing

@testable import Tasks

/// What each word of a caption was written from.
@Suite struct CaptionExplanationTests {
    private struct Weighed: Decodable {
        let seed: UInt64
        let weights: [[Float]]
    }

    private func golden() throws -> [Weighed] {
        let file = TinyModel.folder.appending(path: "cross_attention.json")
        return try JSONDecoder().decode([Weighed].self, from: Data(contentsOf: file))
    }

    @Test func `the weights of a greedy caption are those of PyTorch`() throws {
        let model = try TinyModel()
        let images = try TinyModel.golden()
        for (image, expected) in zip(images, try golden()) {
            // The prompt of the golden captions, in words.
            let prompt = image.prompt.map { model.vocabulary.pieces[$0] }.joined(separator: " ")
            let options = GenerationOptions.tiny(beams: 1, prompt: prompt.isEmpty ? nil : prompt, explain: true)
            let caption = try model.candidates(image.seed, options)[0]
            #expect(caption.ids == image.greedy.ids && image.seed == expected.seed)
            let found = try #require(caption.attention)
            #expect(found.count == expected.weights.count)
            for (found, expected) in zip(found, expected.weights) {
                #expect(found.count == expected.count)
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
    }

    @Test func `an explained caption is the caption, and each of its words has weights that sum to 1`() throws {
        let model = try TinyModel(threads: 2)
        for options in [
            GenerationOptions.tiny(candidates: 3), .tiny(candidates: 2, temperature: 1, seed: 7), .tiny(beams: 1),
        ] {
            var explained = options
            explained.explain = true
            let plain = try model.candidates(1, options)
            let captions = try model.candidates(1, explained)
            #expect(plain.allSatisfy { $0.attention == nil })
            #expect(captions.map(\.ids) == plain.map(\.ids))
            #expect(captions.map(\.logProbability) == plain.map(\.logProbability))
            for caption in captions {
                let attention = try #require(caption.attention)
                #expect(attention.count == caption.tokens.count)
                #expect(attention.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 && $0.count == 20 })
            }
        }
    }

    @Test func `a caption that is explained beside others has the weights it has alone`() throws {
        let model = try TinyModel()
        let explained = GenerationOptions.tiny(explain: true)
        let alone = try model.candidates(2, explained)
        let generations = try model.start([(1, .tiny()), (2, explained), (3, explained)])
        while generations.contains(where: { !$0.isFinished }) { model.step(generations) }
        #expect(generations[1].candidates == alone)
        #expect(generations[0].candidates[0].attention == nil)
    }
}
