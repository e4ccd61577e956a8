import Checkpoint
import Foundation
import Testing

@testable import Networks

/// Networks that are read from checkpoints of which one tensor is missing.
@Suite struct StandInTests {
    /// Reads every network whose tensors are in the checkpoint: some have towers in name alone.
    private func readAll(_ weights: Weights, _ checkpoint: SensoriumCheckpoint) {
        let configuration = checkpoint.configuration
        let towers = configuration.towers
        var trunks: [String: BERT] = [:]
        for (name, tower) in towers
        where checkpoint.folder.tensorNames.contains(where: { $0.hasPrefix("\(name).") }) {
            switch tower {
            case .text(let tower): trunks[name] = BERT(weights[name], tower)
            case .audio(let tower): _ = WhisperEncoder(weights[name], tower)
            case .face(let tower): _ = FaceCNN(weights[name], tower)
            case .faceFinder: _ = BlazeFace(weights[name])
            case .image, .imageBranch, .textBranch, .features, .textFinder, .textReader: break
            }
        }
        for case (let name, .textBranch(let branch)) in towers {
            if let trunk = trunks[branch.trunk] { _ = BERT(weights[name], branch, of: trunk) }
        }
        for (name, head) in configuration.heads {
            switch head {
            case .caption(let head):
                guard let tower = towers.image else { continue }
                _ = ImageMemory(weights["caption"], head, tower: tower, width: configuration.width)
                _ = CaptionDecoder(weights["caption"], head, tower: tower, width: configuration.width)
            case .classifier(let head): _ = ClassifierHead(weights[name], head, towers: towers)
            case .linear(let head): _ = LinearHead(weights[name], head, towers: towers)
            case .projection(let head): _ = ProjectionHead(weights[name], head, towers: towers, names: 0)
            }
        }
    }

    @Test(arguments: [("tiny", 3), ("fusion", 17), ("towers", 3)])
    func `whichever tensor is missing, it alone is named and the rest is looked at`(name: String, step: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: TinyCheckpoint.folder.appending(path: name), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "model.safetensors")
        let whole = try Data(contentsOf: file)
        let names = try Checkpoint.open(folder.path).tensorNames
        for missing in stride(from: 0, to: names.count, by: step).map({ names[$0] }) {
            // Under another name of the same length, so that the file is sound.
            let other = "~" + missing.dropFirst()
            var spoiled = whole
            let place = try #require(spoiled.range(of: Data("\"\(missing)\"".utf8)))
            spoiled.replaceSubrange(place, with: Data("\"\(other)\"".utf8))
            try spoiled.write(to: file)
            let checkpoint = try SensoriumCheckpoint.open(folder.path)
            let weights = Weights(checkpoint.folder)
            readAll(weights, checkpoint)
            let error = #expect(throws: CheckpointError.self, "\(missing)") { try weights.finish() }
            let found = (error?.problems ?? []).map { problem in
                switch problem {
                case .missingTensor(let name, _), .extraTensor(let name, _): name
                default: "\(problem)"
                }
            }
            #expect(found == [missing, other])
        }
    }
}
