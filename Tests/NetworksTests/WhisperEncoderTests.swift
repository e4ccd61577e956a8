import Checkpoint
import Tensor
import Testing

@testable import Networks

@Suite struct WhisperEncoderTests {
    private let encoder: WhisperEncoder
    private let golden: [TowersCheckpoint.Golden.Window]

    init() throws {
        let checkpoint = try TowersCheckpoint.open()
        let tower = try TowersCheckpoint.audio(checkpoint)
        encoder = try checkpoint.folder.read { WhisperEncoder($0["audio"], tower) }
        golden = try TowersCheckpoint.golden().windows
    }

    private func encode(_ clips: [[[Float]]], lastState: Int? = nil, threads: Int = 1) -> [TowerTokens] {
        encoder.encode(clips, lastState: lastState, workspace: Workspace(), pool: ComputePool(threads: threads))
    }

    @Test func `hidden states of all layers are those of PyTorch`() {
        for window in golden {
            let states = encode([[window.mel]])[0]
            #expect(states.states == 3 && states.tokens == window.tokens && states.width == 64)
            for state in 0..<states.states {
                #expect(largestDifference(states.row(state, 0), window.first[state]) < 2e-5)
                #expect(largestDifference(states.row(state, states.tokens - 1), window.last[state]) < 2e-5)
            }
        }
    }

    @Test func `a clip's tokens do not depend on its batch or the threads`() {
        let clips = golden.map { [$0.mel] }
        let alone = clips.map { encode([$0])[0] }
        #expect(encode(clips) == alone)
        #expect(encode(clips.reversed(), threads: 2) == alone.reversed())
        #expect(encode(clips + clips, threads: 3) == alone + alone)
    }

    @Test func `a batch larger than what is computed at once comes back in order`() {
        let alone = golden.map { encode([[$0.mel]])[0] }
        let clips = (0..<150).map { [golden[$0 % golden.count].mel] }
        #expect(encode(clips, threads: 2) == (0..<150).map { alone[$0 % golden.count] })
    }

    @Test func `the windows of a long clip follow each other in every state`() {
        let windows = [golden[5], golden[2], golden[0]]
        let clip = encode([windows.map(\.mel)])[0]
        let parts = windows.map { encode([[$0.mel]])[0] }
        #expect(clip.tokens == 40 + 4 + 1)
        for state in 0..<clip.states {
            let rows = parts.flatMap { part in (0..<part.tokens).flatMap { part.row(state, $0) } }
            #expect((0..<clip.tokens).flatMap { clip.row(state, $0) } == rows)
        }
        #expect(TowerTokens(consecutive: parts) == clip)
    }

    @Test func `states up to one layer are those of a run through all`() {
        let all = encode([[golden[3].mel]])[0]
        for last in 0...2 {
            let some = encode([[golden[3].mel]], lastState: last)[0]
            #expect(some.states == last + 1)
            #expect(some.values == Array(all.values.prefix(some.values.count)))
        }
    }

    @Test func `a workspace that a longer clip has used changes nothing`() {
        let workspace = Workspace()
        let pool = ComputePool(threads: 1)
        _ = encoder.encode([[golden[5].mel]], workspace: workspace, pool: pool)
        #expect(encoder.encode([[golden[1].mel]], workspace: workspace, pool: pool) == encode([[golden[1].mel]]))
    }

    @Test func `no clips have no tokens`() {
        #expect(encode([]).isEmpty)
    }

    @Test func `each part of the network asks for its tensors`() throws {
        let checkpoint = try TowersCheckpoint.open()
        let tower = try TowersCheckpoint.audio(checkpoint)
        let names = Weights.asked { _ = WhisperEncoder($0["audio"], tower) }.map(\.name)
        #expect(names.sorted() == checkpoint.folder.tensorNames.filter { $0.hasPrefix("audio.") })
    }
}

extension TowerTokens {
    /// One token of one state.
    fileprivate func row(_ state: Int, _ token: Int) -> [Float] {
        let start = (state * tokens + token) * width
        return Array(values[start..<start + width])
    }
}
