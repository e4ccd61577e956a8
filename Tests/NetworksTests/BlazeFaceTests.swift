import Checkpoint
import Foundation
import Media
import Tensor
import Testing

@testable import Networks

@Suite struct BlazeFaceTests {
    private let network: BlazeFace
    private let golden: [TowersCheckpoint.Golden.Photo]
    private let workspace = Workspace()
    private let pool = ComputePool(threads: 2)

    init() throws {
        network = try TowersCheckpoint.open().folder.read { BlazeFace($0["finder"]) }
        golden = try TowersCheckpoint.golden().photos
    }

    private func square(_ name: String) throws -> [Float] {
        let file = TinyCheckpoint.folder.deletingLastPathComponent().appending(path: "media/\(name)")
        return Letterbox(try ImageDecoder.decode(Array(Data(contentsOf: file))), size: BlazeFace.size).values
    }

    @Test func `scores and boxes of all anchors are those of PyTorch`() throws {
        for photo in golden {
            let (logits, raw) = network.read(try square(photo.name), workspace: workspace, pool: pool)
            #expect(logits.count == 896 && raw.count == 896 * 16)
            let some = stride(from: 0, to: 896, by: 16).map { logits[$0] }
            #expect(largestDifference(some, photo.logits) < 1e-3)
            #expect(logits.max() == logits[photo.best])
            #expect(largestDifference(Array(raw[photo.best * 16..<photo.best * 16 + 16]), photo.box) < 1e-3)
        }
    }

    @Test func `the astronaut's face is found, a cat, a cup and a rocket have none`() throws {
        #expect(golden.map(\.faces.count) == [1, 0, 0, 0])
        for photo in golden {
            let faces = network.find(try square(photo.name), threshold: 0.5, workspace: workspace, pool: pool)
            #expect(faces.count == photo.faces.count)
            for (face, expected) in zip(faces, photo.faces) {
                #expect(largestDifference([face.left, face.top, face.right, face.bottom], expected.sides) < 1e-4)
                #expect(abs(face.score - expected.score) < 1e-4)
            }
        }
    }

    @Test func `what is found does not depend on the threads or on what was searched before`() throws {
        let pixels = try square("astronaut.jpg")
        let fresh = network.read(pixels, workspace: Workspace(), pool: ComputePool(threads: 1))
        _ = network.read(try square("chelsea.jpg"), workspace: workspace, pool: pool)
        let again = network.read(pixels, workspace: workspace, pool: pool)
        #expect(fresh.logits == again.logits && fresh.raw == again.raw)
    }

    @Test func `the finder asks for its tensors`() throws {
        let stored = try TowersCheckpoint.open().folder.tensors.filter { $0.name.hasPrefix("finder.") }
        let asked = Weights.asked { _ = BlazeFace($0["finder"]) }
        #expect(Set(asked) == Set(stored.map { Weights.Asked($0.name, $0.shape) }))
    }
}

@Suite struct FoundFaceTests {
    private func face(_ left: Float, _ top: Float, _ right: Float, _ bottom: Float, _ score: Float) -> FoundFace {
        FoundFace(left: left, top: top, right: right, bottom: bottom, score: score)
    }

    @Test func `boxes of one face become their mean weighted by score`() {
        let found = FoundFace.suppressed([
            face(0, 0, 0.4, 0.4, 0.9), face(0.1, 0, 0.5, 0.4, 0.6), face(0.6, 0.6, 0.8, 0.8, 0.5),
        ])
        #expect(found.count == 2)
        #expect(abs(found[0].left - 0.04) < 1e-6 && abs(found[0].right - 0.44) < 1e-6)
        #expect(found[0].top == 0 && abs(found[0].bottom - 0.4) < 1e-6)
        #expect(found[0].score == 0.9)
        #expect(found[1] == face(0.6, 0.6, 0.8, 0.8, 0.5))
    }

    @Test func `boxes that overlap by less are faces of their own`() {
        // Shared 0.08 of 0.24 in all: a third; moved a little further, less than 0.3.
        #expect(FoundFace.suppressed([face(0, 0, 0.4, 0.4, 0.9), face(0.2, 0, 0.6, 0.4, 0.8)]).count == 1)
        #expect(FoundFace.suppressed([face(0, 0, 0.4, 0.4, 0.9), face(0.22, 0, 0.62, 0.4, 0.8)]).count == 2)
    }

    @Test func `overlap is what two boxes share of what they cover`() {
        #expect(face(0, 0, 1, 1, 1).overlap(face(0, 0, 0.5, 0.5, 1)) == 0.25)
        #expect(face(0, 0, 0.5, 0.5, 1).overlap(face(0.5, 0, 1, 0.5, 1)) == 0)
    }

    @Test func `a box lies where its anchor's cell and its numbers say`() {
        var logits = [Float](repeating: -10, count: 896)
        var raw = [Float](repeating: 0, count: 896 * 16)
        // The second anchor of the cell in row 3, column 5 of the fine grid; the last of the coarse grid's last cell.
        let anchors = [(3 * 16 + 5) * 2 + 1, 895]
        for (anchor, logit) in zip(anchors, [0, 200] as [Float]) {
            logits[anchor] = logit
            raw.replaceSubrange(anchor * 16..<anchor * 16 + 4, with: [12.8, -12.8, 25.6, 51.2])
        }
        let faces = FoundFace.decoded(logits: logits, raw: raw, threshold: 0.5)
        #expect(faces.map(\.score) == [1, 0.5])
        #expect(
            largestDifference(
                [faces[0].left, faces[0].top, faces[0].right, faces[0].bottom], [0.9375, 0.6375, 1.1375, 1.0375]) < 1e-6
        )
        #expect(
            largestDifference(
                [faces[1].left, faces[1].top, faces[1].right, faces[1].bottom], [0.34375, -0.08125, 0.54375, 0.31875])
                < 1e-6)
    }

    @Test func `a box without an area is no face`() {
        let logits = [Float](repeating: 5, count: 896)
        let raw = [Float](repeating: 0, count: 896 * 16)
        #expect(FoundFace.decoded(logits: logits, raw: raw, threshold: 0.5).isEmpty)
    }
}
