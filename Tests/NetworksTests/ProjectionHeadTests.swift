import Checkpoint
import Tensor
import Testing

@testable import Networks

@Suite struct ProjectionHeadTests {
    private let head: ProjectionHead
    private let golden: [FusionCheckpoint.Golden.Vector]

    init() throws {
        let checkpoint = try FusionCheckpoint.open()
        let space = try #require(checkpoint.configuration.heads.space)
        head = try checkpoint.folder.read {
            ProjectionHead($0[space.name], space.head, towers: checkpoint.configuration.towers, names: 0)
        }
        golden = try FusionCheckpoint.golden().space
    }

    private func project(_ part: String, _ items: [Int], threads: Int = 1) -> [[Float]] {
        head.project(
            part: part, items.map { FusionCheckpoint.tokens(part, item: $0) }, workspace: Workspace(),
            pool: ComputePool(threads: threads))
    }

    @Test func `vectors are those of PyTorch, of length 1`() {
        #expect(golden.count == 6)
        for expected in golden {
            let vector = project(expected.part, [expected.item])[0]
            #expect(largestDifference(vector, expected.vector) < 1e-5, "\(expected.part) \(expected.item)")
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test func `a vector does not depend on the batch or the threads`() {
        for part in FusionCheckpoint.parts {
            let alone = [0, 1].map { project(part, [$0])[0] }
            #expect(project(part, [1, 0, 1, 1], threads: 2) == [alone[1], alone[0], alone[1], alone[1]])
        }
    }

    @Test func `a part that the space does not have and no items have no vectors`() {
        #expect(project("text", []).isEmpty)
        let tokens = FusionCheckpoint.tokens("text", item: 0)
        let vectors = head.project(
            part: "smell", [tokens], workspace: Workspace(), pool: ComputePool(threads: 1))
        #expect(vectors.isEmpty)
    }
}
