import Mutation
import Testing

@testable import Checkpoint

@Suite struct SafetensorsFuzzTests {
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "null", "0", "-1", "1e3", "9223372036854775807",
        "18446744073709551615", "\"F4\"", "\"BF16\"", "\"shape\":", "\"data_offsets\":", "\"__metadata__\":", "\u{0}",
    ]

    @Test func `a spoiled file is refused or its tensors lie side by side within it`() throws {
        var random = Mutation(seed: 4)
        let corpus = [
            Safetensors.file([
                ("a", "F16", [2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), ("b", "F32", [1], [0, 0, 0x80, 0x3F]),
                ("c", "U8", [0, 5], []), ("d", "F4", [2], [9]),
            ]),
            Safetensors.file(
                header: #"{"__metadata__":{"format":"pt"},"t":{"dtype":"I8","shape":[],"data_offsets":[0,1]}} "#,
                data: [7]),
        ]
        for _ in 0..<Mutation.iterations(default: 60_000) {
            var file = random.spoiled(corpus[random.below(corpus.count)], tokens: Self.tokens)
            // Mostly with the right length up front, so that the change behind it is looked at.
            if file.count >= 8, random.below(4) > 0 {
                let end = file.lastIndex(of: UInt8(ascii: "}")) ?? 7
                file.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(max(0, end - 7)), Array.init))
            }
            guard let header = try? SafetensorsTests.header(of: file) else { continue }
            var end = 0
            for entry in header.entries {
                #expect(entry.range.lowerBound == end)
                #expect(entry.shape.reduce(entry.elementType.bits, *) == 8 * entry.range.count)
                end = entry.range.upperBound
            }
            #expect(header.dataOffset + end == file.count)
        }
    }
}
