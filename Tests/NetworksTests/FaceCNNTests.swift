import Checkpoint
import Tensor
import Testing

@testable import Networks

@Suite struct FaceCNNTests {
    private let network: FaceCNN
    private let golden: [TowersCheckpoint.Golden.Crop]

    init() throws {
        let checkpoint = try TowersCheckpoint.open()
        let tower = try TowersCheckpoint.face(checkpoint)
        network = try checkpoint.folder.read { FaceCNN($0["face"], tower) }
        golden = try TowersCheckpoint.golden().crops
    }

    private func encode(_ faces: [[Float]], threads: Int = 1) -> [TowerTokens] {
        network.encode(faces, workspace: Workspace(), pool: ComputePool(threads: threads))
    }

    @Test func `tokens are those of PyTorch`() {
        for crop in golden {
            let tokens = encode([crop.pixels])[0]
            #expect(tokens.states == 1 && tokens.tokens == 4 && tokens.width == 16)
            #expect(largestDifference(tokens.values, crop.tokens.flatMap { $0 }) < 2e-5)
        }
    }

    @Test func `a face's tokens do not depend on its batch or the threads`() {
        let faces = (0..<19).map { golden[$0 % golden.count].pixels }
        let alone = golden.map { encode([$0.pixels])[0] }
        #expect(encode(faces) == faces.indices.map { alone[$0 % golden.count] })
        #expect(encode(faces.reversed(), threads: 3) == faces.indices.reversed().map { alone[$0 % golden.count] })
    }

    @Test func `no faces have no tokens`() {
        #expect(encode([]).isEmpty)
    }

    @Test func `each layer asks for its tensors`() throws {
        let checkpoint = try TowersCheckpoint.open()
        let tower = try TowersCheckpoint.face(checkpoint)
        let asked = Weights.asked { _ = FaceCNN($0["face"], tower) }
        let stored = checkpoint.folder.tensors.filter { $0.name.hasPrefix("face.") }
        #expect(Set(asked) == Set(stored.map { Weights.Asked($0.name, $0.shape) }))
    }
}
