import Checkpoint
import Foundation
import Testing

/// Tests/Fixtures/networks: a small random checkpoint, and what PyTorch computed with it (make_tiny.py).
enum TinyCheckpoint {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/networks")

    static func open() throws -> SensoriumCheckpoint {
        try SensoriumCheckpoint.open(folder.appending(path: "tiny").path)
    }

    struct Golden: Decodable {
        let texts: [Text]
        let images: [Image]

        struct Text: Decodable {
            let ids: [Int32]
            let embedding: [Float]
        }

        struct Image: Decodable {
            let seed: UInt64
            let memoryFirst: [Float]
            let memoryLast: [Float]
            let firstLogits: [Float]
        }
    }

    static func golden() throws -> Golden {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Golden.self, from: Data(contentsOf: folder.appending(path: "tiny.json")))
    }

    /// [20, 96] numbers in [0, 2), as `image_tokens` of make_tiny.py makes them.
    static func imageTokens(seed: UInt64, count: Int = 20, channels: Int = 96) -> [Float] {
        (0..<count * channels).map { index in
            let isOpen = mixed(UInt64(index % channels), seed: seed + 1000) >> 63
            return Float(mixed(UInt64(index), seed: seed) >> 40) / 0x1p23 * Float(isOpen)
        }
    }

    static func mixed(_ index: UInt64, seed: UInt64) -> UInt64 {
        var x = index &+ seed &* 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }
}

func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    precondition(a.count == b.count, "\(a.count) numbers cannot be compared with \(b.count)")
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}
