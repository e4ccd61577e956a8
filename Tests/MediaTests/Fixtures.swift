import Foundation
import Media

/// The files of Tests/Fixtures/media and the golden values beside them.
enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/media")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    /// A line of golden.txt or formats.txt: what Pillow made of a file.
    struct Golden: Sendable, CustomStringConvertible {
        let file: String
        let operation: String
        let width, height: Int
        let checksum: UInt64
        var description: String { "\(file) \(operation) \(width)×\(height)" }
    }

    static let goldens: [Golden] = {
        let text = ["golden.txt", "formats.txt", "processors.txt"].map { name in
            (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
        }.joined()
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let size = parts[2].split(separator: " ").compactMap { Int($0) }
            return Golden(
                file: parts[0], operation: parts[1], width: size[0], height: size[1],
                checksum: UInt64(parts[3], radix: 16) ?? 0)
        }
    }()

    static func goldens(_ operations: String...) -> [Golden] {
        goldens.filter { golden in operations.contains { golden.operation.hasPrefix($0) } }
    }
}

extension PixelImage {
    /// 64-bit FNV-1a over the pixels.
    var checksum: UInt64 {
        pixels.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The largest difference between two values, 255 if the sizes differ.
    func largestDifference(from other: PixelImage) -> Int {
        guard width == other.width, height == other.height else { return 255 }
        return zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}
