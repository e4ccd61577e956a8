import Checkpoint
import Foundation

@testable import Networks

/// Tests/Fixtures/networks/fusion: heads of every type of fusion with random weights, and what PyTorch computed with them
/// (make_fusion.py).
enum FusionCheckpoint {
    static let parts = ["image", "audio", "text"]
    private static let widths = ["image": 24, "audio": 32, "text": 32]
    private static let states = ["image": 1, "audio": 4, "text": 1]
    private static let lengths = ["image": [9, 9], "audio": [7, 150], "text": [3, 12]]

    static func open() throws -> SensoriumCheckpoint {
        try SensoriumCheckpoint.open(TinyCheckpoint.folder.appending(path: "fusion").path)
    }

    /// The same with further keys of a head, in a folder that is there while `use` runs.
    static func with<Value>(
        _ keys: String, of head: String, _ use: (SensoriumCheckpoint) throws -> Value
    ) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.copyItem(at: TinyCheckpoint.folder.appending(path: "fusion"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "config.json")
        // As a text, since the order of a head's inputs means something.
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacingOccurrences(of: "\"\(head)\": {", with: "\"\(head)\": {\(keys), ")
            .write(to: file, atomically: true, encoding: .utf8)
        return try use(SensoriumCheckpoint.open(folder.path))
    }

    struct Golden: Decodable {
        let heads: [String: [Answer]]
        let attention: [[String: [Float]]]
        let space: [Vector]
        let texts: [Text]
        let linear: [Linear]

        struct Answer: Decodable {
            let item: Int
            let parts: [String]
            let logits: [Float]
            let alone: [String: [Float]]
        }

        struct Vector: Decodable {
            let item: Int
            let part: String
            let vector: [Float]
        }

        struct Linear: Decodable {
            let item: Int
            let logits: [Float]
            /// The class activation map of the first label.
            let activation: [Float]
        }

        struct Text: Decodable {
            let ids: [Int32]
            let text: [Float]
            let prose: [Float]
        }
    }

    static func golden() throws -> Golden {
        let file = TinyCheckpoint.folder.appending(path: "fusion.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    /// What the tower of `part` says about an item: numbers in [-1, 1), as `tokens` of make_fusion.py makes them.
    static func tokens(_ part: String, item: Int) -> TowerTokens {
        let (states, count, width) = (states[part] ?? 0, lengths[part]?[item] ?? 0, widths[part] ?? 0)
        let seed = UInt64(10 * (parts.firstIndex(of: part) ?? 0) + item)
        let values = (0..<states * count * width).map { index in
            Float(TinyCheckpoint.mixed(UInt64(index), seed: seed) >> 40) / 0x1p23 - 1
        }
        return TowerTokens(states: states, tokens: count, width: width, values: values)
    }

    /// An item of only these parts.
    static func item(_ item: Int, _ parts: some Sequence<String>) -> [String: TowerTokens] {
        Dictionary(uniqueKeysWithValues: parts.map { ($0, tokens($0, item: item)) })
    }
}
