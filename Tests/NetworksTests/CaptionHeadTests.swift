import Checkpoint
import Tensor
import Testing

@testable import Networks

@Suite struct CaptionHeadTests {
    private let encoder: ImageMemory
    private let decoder: CaptionDecoder
    private let golden: [TinyCheckpoint.Golden.Image]
    private static let tokens = 20
    private static let width = 64
    private static let begin: Int32 = 0

    init() throws {
        let checkpoint = try TinyCheckpoint.open()
        let configuration = checkpoint.configuration
        let head = try #require(configuration.heads.caption)
        let tower = try #require(configuration.towers.image)
        encoder = try checkpoint.folder.read {
            ImageMemory($0["caption"], head, tower: tower, width: configuration.width)
        }
        decoder = try checkpoint.folder.read {
            CaptionDecoder($0["caption"], head, tower: tower, width: configuration.width)
        }
        golden = try TinyCheckpoint.golden().images
    }

    private func memory(_ seeds: [UInt64], threads: Int = 1) -> [Float] {
        let images = seeds.flatMap { TinyCheckpoint.imageTokens(seed: $0) }
        let memory = FloatBuffer(count: seeds.count * Self.tokens * Self.width)
        encoder.encode(
            images, images: seeds.count, into: memory.pointer, workspace: Workspace(),
            pool: ComputePool(threads: threads))
        return memory.elements
    }

    /// Logits of each of the sequences' last tokens.
    private func step(_ inputs: [CaptionDecoder.Input], threads: Int = 1) -> [[Float]] {
        let workspace = Workspace()
        let logits = decoder.step(inputs, workspace: workspace, pool: ComputePool(threads: threads))
        let size = decoder.vocabularySize
        return withExtendedLifetime(workspace) {
            inputs.indices.map { Array(UnsafeBufferPointer(start: logits + $0 * size, count: size)) }
        }
    }

    private func sequences(_ seeds: [UInt64]) -> [CaptionDecoder.Sequence] {
        seeds.map { decoder.begin(decoder.encode(memory([$0]), pool: ComputePool(threads: 1)), capacity: 16) }
    }

    private func sequence(_ seed: UInt64) -> CaptionDecoder.Sequence { sequences([seed])[0] }

    /// Logits after each of `tokens` fed one by one.
    private func walk(_ sequence: CaptionDecoder.Sequence, _ tokens: [Int32]) -> [[Float]] {
        tokens.map { step([.init(sequence, [$0])])[0] }
    }

    @Test func `memory is that of PyTorch`() {
        for image in golden {
            let memory = memory([image.seed])
            #expect(largestDifference(Array(memory.prefix(Self.width)), image.memoryFirst) < 1e-4)
            #expect(largestDifference(Array(memory.suffix(Self.width)), image.memoryLast) < 1e-4)
        }
    }

    @Test func `first logits are those of PyTorch`() {
        for image in golden {
            let logits = step([.init(sequence(image.seed), [Self.begin])])[0]
            #expect(largestDifference(logits, image.firstLogits) < 1e-4)
        }
    }

    @Test func `an image's memory does not depend on its batch or the threads`() {
        let seeds = golden.map(\.seed)
        let alone = seeds.flatMap { memory([$0]) }
        #expect(memory(seeds) == alone)
        #expect(memory(seeds, threads: 2) == alone)
    }

    @Test func `a sequence that is stepped with others gets the logits it gets alone`() {
        let tokens: [Int32] = [Self.begin, 5, 9, 30, 2, 17]
        let alone = walk(sequence(1), tokens)
        // A second image's sequence is there from the start, two of a third join at later steps.
        let together = sequences([1, 2, 3])
        let late = decoder.begin(together[2].memory, capacity: 16)
        for (index, token) in tokens.enumerated() {
            var inputs = [CaptionDecoder.Input(together[1], [token]), .init(together[0], [token])]
            if index >= 2 { inputs.append(.init(together[2], [tokens[index - 2]])) }
            if index >= 4 { inputs.insert(.init(late, [7, 8]), at: 0) }
            let logits = step(inputs, threads: 1 + index % 3)
            #expect(logits[index >= 4 ? 2 : 1] == alone[index])
        }
    }

    @Test func `tokens read at once leave what tokens read one by one leave`() {
        let tokens: [Int32] = [Self.begin, 3, 4, 11, 20]
        let oneByOne = sequence(5)
        let expected = walk(oneByOne, tokens + [6])
        let atOnce = sequence(5)
        #expect(step([.init(atOnce, tokens)])[0] == expected[4])
        #expect(atOnce.length == tokens.count)
        #expect(step([.init(atOnce, [6])])[0] == expected[5])
    }

    @Test func `children of one parent go on from what it has read`() {
        let expected = [4, 5, 6].map { walk(sequence(2), [Self.begin, 3, $0, 9])[3] }
        let memory = sequence(2).memory
        let parents = (0..<2).map { _ in decoder.begin(memory, capacity: 16) }
        _ = walk(parents[0], [Self.begin, 8])
        _ = walk(parents[1], [Self.begin, 3])
        let children = CaptionDecoder.Sequence.continuing(parents, parents: [1, 1, 1])
        #expect(children[0].cache === parents[1].cache)
        #expect(children[1].cache === parents[0].cache)
        let logits = zip(children, [4, 5, 6] as [Int32]).map { walk($0, [$1, 9])[1] }
        #expect(logits == expected)
    }

    @Test func `a crossing of parents copies nothing`() {
        let memory = sequence(2).memory
        let parents = (0..<3).map { _ in decoder.begin(memory, capacity: 16) }
        for (index, parent) in parents.enumerated() { _ = walk(parent, [Self.begin, Int32(index + 2)]) }
        let children = CaptionDecoder.Sequence.continuing(parents, parents: [2, 0, 1])
        #expect(
            children[0].cache === parents[2].cache && children[1].cache === parents[0].cache
                && children[2].cache === parents[1].cache)
    }

    @Test func `all of the checkpoint's tensors are read`() throws {
        let checkpoint = try TinyCheckpoint.open()
        let configuration = checkpoint.configuration
        let head = try #require(configuration.heads.caption)
        let tower = try #require(configuration.towers.image)
        let weights = Weights(checkpoint.folder)
        _ = ImageMemory(weights["caption"], head, tower: tower, width: configuration.width)
        _ = CaptionDecoder(weights["caption"], head, tower: tower, width: configuration.width)
        _ = BERT(weights["text"], try #require(configuration.towers.text))
        try weights.finish()
    }
}
