import Checkpoint
import Tensor
import Testing

@testable import Networks

/// The hidden states that heads see of a text tower and of its branch.
@Suite struct TextStatesTests {
    private let text: BERT
    private let prose: BERT
    private let golden: [FusionCheckpoint.Golden.Text]

    init() throws {
        let checkpoint = try FusionCheckpoint.open()
        let tower = try #require(checkpoint.configuration.towers.text)
        let text = try checkpoint.folder.read { BERT($0["text"], tower) }
        self.text = text
        guard case .textBranch(let branch)? = checkpoint.configuration.towers["prose"] else { throw Missing() }
        prose = try checkpoint.folder.read { BERT($0["prose"], branch, of: text) }
        golden = try FusionCheckpoint.golden().texts
    }

    private struct Missing: Error {}

    private func states(_ tower: BERT, _ texts: [[Int32]], threads: Int = 1) -> [TowerTokens] {
        tower.hiddenStates(texts, workspace: Workspace(), pool: ComputePool(threads: threads))
    }

    @Test func `hidden states of tower and branch are those of PyTorch`() {
        for expected in golden {
            let found = states(text, [expected.ids])[0]
            #expect(found.states == 1 && found.tokens == expected.ids.count && found.width == 32)
            #expect(largestDifference(found.values, expected.text) < 1e-4)
            #expect(largestDifference(states(prose, [expected.ids])[0].values, expected.prose) < 1e-4)
        }
    }

    @Test func `a text's states do not depend on the batch or the threads`() {
        let texts = golden.map(\.ids)
        for tower in [text, prose] {
            let alone = texts.map { states(tower, [$0])[0] }
            #expect(states(tower, texts + texts.reversed(), threads: 2) == alone + alone.reversed())
        }
    }

    @Test func `an embedding is the mean of the hidden states`() {
        let ids = golden[1].ids
        let embedding = text.embed([ids], workspace: Workspace(), pool: ComputePool(threads: 1))[0]
        let found = states(text, [ids])[0]
        var mean = [Float](repeating: 0, count: found.width)
        for (index, value) in found.values.enumerated() { mean[index % found.width] += value / Float(ids.count) }
        #expect(largestDifference(embedding, mean) < 1e-5)
    }
}
