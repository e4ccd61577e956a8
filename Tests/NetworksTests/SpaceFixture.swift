import Checkpoint
import Foundation

@testable import Networks

/// Tests/Fixtures/space: a small joint space, and what PyTorch computed with it (make_space.py).
enum SpaceFixture {
    static let folder = TinyCheckpoint.folder.deletingLastPathComponent().appending(path: "space")

    static func open() throws -> SensoriumCheckpoint { try SensoriumCheckpoint.open(folder.path) }

    struct Item: Decodable {
        let keys: [String: [Float]]
        let queries: [Query]
        let concepts: [String: Nearest]
    }

    struct Query: Decodable {
        let parts: [String]
        let view: String?
        let weight: Double
        let vector: [Float]

        /// Whether it is the composition itself.
        var isComposition: Bool { parts == ["image", "text"] && weight == 0.5 }
    }

    struct Nearest: Decodable {
        let phrase: String
        let score: Float
    }

    static func golden() throws -> [Item] {
        try JSONDecoder().decode([Item].self, from: Data(contentsOf: folder.appending(path: "golden.json")))
    }
}
