import Checkpoint
import Foundation
import Media
import Tensor
import Testing

@testable import Networks

/// The networks of models/sensorium-base against ONNX Runtime on the files that they come from
/// (Tests/Fixtures/words/make_words.py). Weights are rounded to float16 here, so that probabilities differ a little.
@Suite struct `Words` {
    private static let root = TinyCheckpoint.folder.deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let shared = Result {
        try SensoriumCheckpoint.open(root.appending(path: "models/sensorium-base").path)
    }
    private let checkpoint: SensoriumCheckpoint
    private let golden: Golden
    private let names: (finder: String, reader: String, configuration: SensoriumConfiguration.TextReader)
    private let workspace = Workspace()
    private let pool = ComputePool(threads: 2)

    private struct Golden: Decodable {
        let finder: Finder
        let reader: Reader

        struct Finder: Decodable {
            let picture: String
            let above: Int
            let every_fifth: [Float]
        }

        struct Reader: Decodable {
            let picture: String
            let classes: [Int]
            let probabilities: [Float]
        }
    }

    init() throws {
        checkpoint = try Self.shared.get()
        names = try #require(checkpoint.configuration.towers.words)
        let file = Self.root.appending(path: "Tests/Fixtures/words/golden.json")
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    private func picture(_ name: String) throws -> PixelImage {
        let file = Self.root.appending(path: "Tests/Fixtures/words/\(name)")
        return try ImageDecoder.decode(Array(Data(contentsOf: file)))
    }

    private func values(_ image: PixelImage) -> [Float] { image.pixels.map { Float($0) / 127.5 - 1 } }

    @Test func `are found where ONNX Runtime finds them`() throws {
        let finder = try checkpoint.folder.read { TextFinder($0[names.finder]) }
        let image = try picture(golden.finder.picture)
        let map = finder.probabilities(
            values(image), height: image.height, width: image.width, workspace: workspace, pool: pool)
        var some: [Float] = []
        for row in stride(from: 0, to: image.height, by: 5) {
            for column in stride(from: 0, to: image.width, by: 5) { some.append(map[row * image.width + column]) }
        }
        #expect(some.count == golden.finder.every_fifth.count)
        #expect(largestDifference(some, golden.finder.every_fifth) < 0.05)
        let mean = zip(some, golden.finder.every_fifth).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(some.count)
        #expect(mean < 5e-4)
        #expect(abs(map.count { $0 > 0.3 } - golden.finder.above) < 20)
    }

    @Test func `are read as ONNX Runtime reads them`() throws {
        let reader = try checkpoint.folder.read { TextReader($0[names.reader], names.configuration) }
        let image = try picture(golden.reader.picture)
        let steps = reader.steps(values(image), width: image.width, workspace: workspace, pool: pool)
        #expect(steps.map(\.character) == golden.reader.classes)
        #expect(largestDifference(steps.map(\.probability), golden.reader.probabilities) < 0.02)
        let read = reader.read(values(image), width: image.width, workspace: workspace, pool: pool)
        #expect(read.text == "Push to open: 9-17h" && read.confidence > 0.9)
    }

    @Test func `are the same whatever the threads and what was computed before`() throws {
        let reader = try checkpoint.folder.read { TextReader($0[names.reader], names.configuration) }
        let finder = try checkpoint.folder.read { TextFinder($0[names.finder]) }
        let alone = ComputePool(threads: 1)
        let line = values(try picture("line.png"))
        let sign = values(try picture("sign.png"))
        let fresh = finder.probabilities(sign, height: 192, width: 352, workspace: Workspace(), pool: alone)
        let first = reader.read(line, width: 352, workspace: workspace, pool: pool)
        let again = finder.probabilities(sign, height: 192, width: 352, workspace: workspace, pool: pool)
        #expect(again == fresh)
        #expect(reader.read(line, width: 352, workspace: Workspace(), pool: alone) == first)
    }

    @Test func `finding pauses, also for others who compute in the pause`() throws {
        let finder = try checkpoint.folder.read { TextFinder($0[names.finder]) }
        let pixels = [Float](repeating: 0, count: 64 * 64 * 3)
        var pauses = 0
        let map = finder.probabilities(pixels, height: 64, width: 64, workspace: workspace, pool: pool) { pauses += 1 }
        #expect(pauses > 10 && map.count == 64 * 64)
    }

    @Test func `take the tensors that they ask for`() throws {
        let stored = checkpoint.folder.tensors.filter { $0.name.hasPrefix("words_") }
        let asked = Weights.asked { weights in
            _ = TextFinder(weights[names.finder])
            _ = TextReader(weights[names.reader], names.configuration)
        }
        #expect(Set(asked) == Set(stored.map { Weights.Asked($0.name, $0.shape) }))
        #expect(asked.count == stored.count)
    }
}

@Suite struct `Decoding by CTC` {
    private func read(_ steps: [(character: Int, probability: Float)]) -> ReadText {
        ReadText(steps, of: ["a", "b", " "])
    }

    @Test func `keeps the first of equal neighbours, and twins that nothing parts`() {
        let read = read([(1, 0.5), (1, 0.9), (0, 1), (1, 0.75), (2, 1), (3, 1), (0, 1)])
        #expect(read.text == "aab " && abs(read.confidence - 3.25 / 4) < 1e-6)
    }

    @Test func `takes wide punctuation for narrow, but among Chinese characters`() {
        let characters: [Character] = ["a", "！", "（", "中"]
        let steps = [1, 2, 3].map { (character: $0, probability: Float(1)) }
        #expect(ReadText(steps, of: characters).text == "a!(")
        #expect(ReadText(steps + [(4, 1)], of: characters).text == "a！（中")
    }

    @Test func `finds nothing where nothing is`() {
        #expect(read([(0, 1), (0, 1)]) == ReadText(text: "", confidence: 0))
        #expect(read([]) == ReadText(text: "", confidence: 0))
    }
}
