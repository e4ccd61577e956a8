import Checkpoint
import Foundation
import Networks
import Tensor
import Testing
import Tokenizer

@testable import Tasks

/// The captioner of Tests/Fixtures/networks/tiny, and what PyTorch generated with it (make_tiny.py).
struct TinyModel {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/networks")

    let captioner: Captioner
    let vocabulary: CaptionVocabulary
    private let workspace = CaptionWorkspace()
    private let pool: ComputePool

    init(threads: Int = 1) throws {
        let checkpoint = try SensoriumCheckpoint.open(Self.folder.appending(path: "tiny").path)
        let configuration = checkpoint.configuration
        let head = try #require(configuration.heads.caption)
        let tokenizer = try Tokenizer(contentsOf: Self.folder.appending(path: "tiny/tokenizer.json").path)
        let tower = try #require(configuration.towers.image)
        let networks = try checkpoint.folder.read {
            Captioner.Networks($0["caption"], head, tower: tower, width: configuration.width)
        }
        captioner = try Captioner(
            networks, head, tower: tower, width: configuration.width, tokenizer: tokenizer, names: nil)
        vocabulary = try CaptionVocabulary(
            head.vocabulary, beginToken: head.beginToken, endToken: head.endToken, tokenizer: tokenizer)
        pool = ComputePool(threads: threads)
    }

    func start(_ seed: UInt64, _ options: GenerationOptions) throws(TaskError) -> CaptionGeneration {
        try start([(seed, options)])[0]
    }

    func start(_ items: [(seed: UInt64, options: GenerationOptions)]) throws(TaskError) -> [CaptionGeneration] {
        try captioner.start(
            items.map { seed, options in
                let grid = TowerTokens(tokens: 20, width: 96, values: Self.imageTokens(seed: seed))
                return (ImageEncoding(grid: grid), options)
            }, vectors: [], workspace: workspace, pool: pool)
    }

    func step(_ generations: [CaptionGeneration]) {
        captioner.step(generations, workspace: workspace, pool: pool)
        captioner.explain(generations, workspace: workspace, pool: pool)
    }

    /// All captions of a request that has the model to itself.
    func candidates(_ seed: UInt64, _ options: GenerationOptions) throws -> [TextCandidate] {
        let generation = try start(seed, options)
        while !generation.isFinished { step([generation]) }
        return generation.candidates
    }

    struct Golden: Decodable {
        let images: [Image]

        struct Image: Decodable {
            let seed: UInt64
            let prompt: [Int]
            let maxTokens: Int
            let greedy: Caption
            let beams: [String: [Caption]]
        }

        struct Caption: Decodable {
            let ids: [Int]
            let logProbability: Double
        }
    }

    static func golden() throws -> [Golden.Image] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Golden.self, from: Data(contentsOf: folder.appending(path: "tiny.json"))).images
    }

    /// [20, 96] numbers in [0, 2), as `image_tokens` of make_tiny.py makes them.
    static func imageTokens(seed: UInt64, count: Int = 20, channels: Int = 96) -> [Float] {
        (0..<count * channels).map { index in
            let isOpen = mixed(UInt64(index % channels), seed: seed + 1000) >> 63
            return Float(mixed(UInt64(index), seed: seed) >> 40) / 0x1p23 * Float(isOpen)
        }
    }

    private static func mixed(_ index: UInt64, seed: UInt64) -> UInt64 {
        var x = index &+ seed &* 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }
}

extension GenerationOptions {
    /// Options within the limits of the tiny model, which has no more than 16 tokens.
    static func tiny(
        beams: Int = 3, maxTokens: Int = 12, candidates: Int = 1, temperature: Double? = nil, topP: Double? = nil,
        seed: UInt64? = nil, prompt: String? = nil, explain: Bool = false
    ) -> GenerationOptions {
        GenerationOptions(
            beams: beams, maxTokens: maxTokens, candidates: candidates, temperature: temperature, topP: topP,
            seed: seed, prompt: prompt, explain: explain)
    }
}
