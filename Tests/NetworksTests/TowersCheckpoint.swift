import Checkpoint
import Foundation

/// Tests/Fixtures/networks/towers: small random towers, and what PyTorch computed with them (make_towers.py).
enum TowersCheckpoint {
    static func open() throws -> SensoriumCheckpoint {
        try SensoriumCheckpoint.open(TinyCheckpoint.folder.appending(path: "towers").path)
    }

    static func audio(_ checkpoint: SensoriumCheckpoint) throws -> SensoriumConfiguration.AudioTower {
        guard case .audio(let tower)? = checkpoint.configuration.towers["audio"] else { throw Missing() }
        return tower
    }

    static func face(_ checkpoint: SensoriumCheckpoint) throws -> SensoriumConfiguration.FaceTower {
        guard case .face(let tower)? = checkpoint.configuration.towers["face"] else { throw Missing() }
        return tower
    }

    struct Missing: Error {}

    struct Golden: Decodable {
        let windows: [Window]
        let crops: [Crop]
        let photos: [Photo]

        struct Window: Decodable {
            let seed: UInt64
            let frames: Int
            let tokens: Int
            /// The first and the last token of each hidden state.
            let first: [[Float]], last: [[Float]]

            var mel: [Float] { TowersCheckpoint.numbers(frames * 80, seed: seed) }
        }

        struct Crop: Decodable {
            let seed: UInt64
            let tokens: [[Float]]

            var pixels: [Float] { TowersCheckpoint.numbers(48 * 48, seed: seed).map { $0 * 2 } }
        }

        struct Photo: Decodable {
            let name: String
            /// Every 16th anchor's logit.
            let logits: [Float]
            /// The anchor with the highest logit, and its raw box.
            let best: Int
            let box: [Float]
            let faces: [Face]
        }

        struct Face: Decodable {
            /// Left, top, right, bottom.
            let sides: [Float]
            let score: Float
        }
    }

    static func golden() throws -> Golden {
        try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: TinyCheckpoint.folder.appending(path: "towers.json")))
    }

    /// Numbers in [-1, 1), as `numbers` of make_towers.py makes them.
    static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        (0..<count).map { Float(TinyCheckpoint.mixed(UInt64($0), seed: seed) >> 40) / 0x1p23 - 1 }
    }
}
