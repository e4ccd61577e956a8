import Checkpoint
import Foundation
import Tensor
import Testing

@testable import Networks

@Suite struct ThingMemoryTests {
    private let encoder: ImageMemory
    private let decoder: CaptionDecoder
    private let golden: [Image]
    private static let begin: Int32 = 0
    private let likely = SeenThing(name: 0, whole: 0.9, part: 0.9)

    private struct Image: Decodable {
        let seed: UInt64
        let pieces: [Piece]
        let first: [Float]
        let third: [Float]

        struct Piece: Decodable {
            let token: Int32
            let place: Int
            let whole: Float
            let part: Float
        }

        var things: [ThingPiece] {
            pieces.map {
                ThingPiece(
                    token: $0.token, place: $0.place, of: SeenThing(name: 0, whole: $0.whole, part: $0.part))
            }
        }
    }

    init() throws {
        struct Golden: Decodable { let images: [Image] }
        let checkpoint = try SensoriumCheckpoint.open(TinyCheckpoint.folder.appending(path: "things_memory").path)
        let configuration = checkpoint.configuration
        let head = try #require(configuration.heads.caption)
        let tower = try #require(configuration.towers.image)
        encoder = try checkpoint.folder.read {
            ImageMemory($0["caption"], head, tower: tower, width: configuration.width)
        }
        decoder = try checkpoint.folder.read {
            CaptionDecoder($0["caption"], head, tower: tower, width: configuration.width)
        }
        let json = try Data(contentsOf: TinyCheckpoint.folder.appending(path: "things_memory.json"))
        golden = try JSONDecoder().decode(Golden.self, from: json).images
    }

    private func encode(_ image: Image, _ things: [ThingPiece]) -> CaptionMemory {
        let memory = FloatBuffer(count: 20 * 64)
        let pool = ComputePool(threads: 1)
        encoder.encode(
            TinyCheckpoint.imageTokens(seed: image.seed), images: 1, into: memory.pointer, workspace: Workspace(),
            pool: pool)
        return decoder.encode(memory.pointer, things: things, pool: pool)
    }

    private func logits(_ memories: [CaptionMemory], _ tokens: [Int32], threads: Int = 1) -> [[Float]] {
        let workspace = Workspace()
        let inputs = memories.map { CaptionDecoder.Input(decoder.begin($0, capacity: 8), tokens) }
        let logits = decoder.step(inputs, workspace: workspace, pool: ComputePool(threads: threads))
        let size = decoder.vocabularySize
        return withExtendedLifetime(workspace) {
            inputs.indices.map { Array(UnsafeBufferPointer(start: logits + $0 * size, count: size)) }
        }
    }

    @Test func `logits with names of things are those of PyTorch`() {
        for image in golden {
            let memory = encode(image, image.things)
            #expect(largestDifference(logits([memory], [Self.begin])[0], image.first) < 1e-4)
            #expect(largestDifference(logits([memory], [Self.begin, 12, 9])[0], image.third) < 1e-4)
        }
    }

    @Test func `what is seen in one picture does not touch what is said of its neighbours`() {
        let memories = golden.map { encode($0, $0.things) }
        let alone = memories.map { logits([$0], [Self.begin])[0] }
        #expect(logits(memories, [Self.begin]) == alone)
        #expect(logits(memories, [Self.begin], threads: 2) == alone)
    }

    @Test func `a name makes its own words likelier and leaves the other logits alone`() throws {
        let image = try #require(golden.first)
        let memory = encode(image, [ThingPiece(token: 4, place: 0, of: likely)])
        let copied = logits([memory], [Self.begin])[0]
        let uncopied = CaptionMemory(memory.attended)
        let generated = logits([uncopied], [Self.begin])[0]
        #expect(copied[4] > generated[4])
        #expect(copied.indices.filter { copied[$0] != generated[$0] } == [4])
    }

    @Test func `a name is copied whole and once`() throws {
        let image = try #require(golden.first)
        let name = [9, 12].enumerated().map { ThingPiece(token: $1, place: $0, of: likely) }
        let memory = encode(image, name)
        let uncopied = CaptionMemory(memory.attended)
        func copied(after tokens: [Int32]) -> [Int] {
            let (with, without) = (logits([memory], tokens)[0], logits([uncopied], tokens)[0])
            return with.indices.filter { with[$0] != without[$0] }
        }
        #expect(copied(after: [Self.begin]) == [9])
        #expect(copied(after: [Self.begin, 9]) == [12])
        #expect(copied(after: [Self.begin, 9, 12]) == [])
        #expect(copied(after: [Self.begin, 4]) == [9])
    }

    @Test func `what an explanation looks at in the image has the sum 1 beside names`() throws {
        let image = try #require(golden.first)
        let memory = encode(image, image.things)
        let weights = decoder.crossAttentionWeights(
            memory, begin: Self.begin, [12, 4], workspace: Workspace(), pool: ComputePool(threads: 1))
        #expect(weights.map(\.count) == [20, 20])
        for row in weights { #expect(abs(row.reduce(0, +) - 1) < 1e-5) }
    }
}
