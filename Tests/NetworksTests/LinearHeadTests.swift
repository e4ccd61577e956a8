import Checkpoint
import Tensor
import Testing

@testable import Networks

@Suite struct `Linear head` {
    private let checkpoint: SensoriumCheckpoint
    private let head: LinearHead

    init() throws {
        checkpoint = try FusionCheckpoint.open()
        guard case .linear(let configuration)? = checkpoint.configuration.heads["linear"] else { throw Missing() }
        let towers = checkpoint.configuration.towers
        head = try checkpoint.folder.read { LinearHead($0["linear"], configuration, towers: towers) }
    }

    private struct Missing: Error {}

    @Test func `says what PyTorch says, of each item of a batch`() throws {
        let golden = try FusionCheckpoint.golden().linear
        let outputs = head.classify(
            golden.map { FusionCheckpoint.tokens("image", item: $0.item) }, explains: golden.map { _ in false },
            pool: ComputePool(threads: 2))
        try #require(outputs.count == golden.count && golden.count == 2)
        for (output, golden) in zip(outputs, golden) {
            #expect(zip(output.logits, golden.logits).allSatisfy { abs($0 - $1) < 1e-4 })
            #expect(output.alone == ["image": output.logits] && output.without.isEmpty && output.attention == nil)
        }
    }

    @Test func `reads the last of several hidden states`() throws {
        let last = FusionCheckpoint.tokens("image", item: 0)
        let noise = [Float](repeating: 3, count: last.values.count)
        let both = TowerTokens(states: 2, tokens: last.tokens, width: last.width, values: noise + last.values)
        let outputs = head.classify([both, last], explains: [true, true], pool: ComputePool(threads: 1))
        #expect(outputs[0] == outputs[1])
    }

    @Test func `explains its first label by the class activation map`() throws {
        for golden in try FusionCheckpoint.golden().linear {
            let output = head.classify(
                [FusionCheckpoint.tokens("image", item: golden.item)], explains: [true], pool: ComputePool(threads: 1))
            let map = try #require(output.first?.attention?["image"])
            #expect(map.count == 9 && zip(map, golden.activation).allSatisfy { abs($0 - $1) < 1e-4 })
        }
    }

    @Test func `parts are five tokens wide, and every second one of them begins one`() {
        let places = LinearHead.places(ofPartsOf: 81)
        #expect(places.count == 9)
        #expect(places.first == PartPlace(x: 0, y: 0, side: 5.0 / 9))
        #expect(places[1] == PartPlace(x: 2.0 / 9, y: 0, side: 5.0 / 9))
        #expect(places.last == PartPlace(x: 4.0 / 9, y: 4.0 / 9, side: 5.0 / 9))
        #expect(LinearHead.places(ofPartsOf: 16).isEmpty)
    }
}
