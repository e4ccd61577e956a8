import Foundation
import Testing

@testable import Tensor

/// The values that Tests/Fixtures/tensor/make_golden.py wrote.
func golden(_ name: String) throws -> [Float] {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tensor/\(name).f32")
    let data = try Data(contentsOf: url)
    return data.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map {
            Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
        }
    }
}

/// The largest difference between two lists, infinite if one has no number where the other has.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { worst, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}

/// Names of the kernel sets of this CPU, for parameterised tests.
let kernelNames = KernelSet.available.map(\.name)

func kernelSet(_ name: String) throws -> KernelSet {
    try #require(KernelSet.available.first { $0.name == name })
}
