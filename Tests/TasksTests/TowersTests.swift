import Checkpoint
import Foundation
import Networks
import Tensor
import Testing

@testable import Tasks

/// Towers of sound and faces (Tests/Fixtures/networks/towers) behind `encode`.
@Suite struct TowersTests {
    private let folder = TinyModel.folder.appending(path: "towers").path

    @Test func `each input is encoded by its tower, and the order is kept`() throws {
        let checkpoint = try SensoriumCheckpoint.open(folder)
        let towers = try checkpoint.folder.read { Towers($0, checkpoint.configuration, heads: [:]) }
        let workspace = Workspace()
        let pool = ComputePool(threads: 2)
        func encode(_ inputs: [(tower: String, input: ModelInput)]) -> [TowerTokens] {
            towers.encode(inputs, workspace: workspace, pool: pool) {}
        }
        let short: (tower: String, input: ModelInput) = ("audio", .mel([wave(10 * 80)]))
        let long: (tower: String, input: ModelInput) = ("audio", .mel([wave(80 * 80), wave(31 * 80)]))
        let face: (tower: String, input: ModelInput) = ("face", .pixels(wave(48 * 48)))
        let together = encode([long, face, short, face])
        // Two layers and what they begin with; two frames are a token.
        #expect(together.map(\.states) == [3, 1, 3, 1])
        #expect(together.map(\.tokens) == [40 + 16, 4, 5, 4])
        #expect(together.map(\.width) == [64, 16, 64, 16])
        #expect(together == [encode([long])[0], encode([face])[0], encode([short])[0], encode([face])[0]])
    }

    @Test func `windows of sound that are not whole seconds are refused`() {
        let error = #expect(throws: TaskError.self) { try LoadedModel.load(folder, threads: 1) }
        #expect(error?.description.contains("towers.audio.max_positions of 40") == true)
    }

    /// Some numbers in -1...1.
    private func wave(_ count: Int) -> [Float] { (0..<count).map { sin(Float($0) * 0.37) } }
}
