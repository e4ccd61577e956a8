import Media
import Testing

@Suite struct `Decoding on many threads` {
    @Test(arguments: ["astronaut.jpg", "chelsea.jpg", "jpeg/cmyk-adobe.jpg", "png/rgb-alpha-16-adam7.png"])
    func `gives one answer`(file: String) async throws {
        let bytes = try Fixtures.bytes(file)
        let checksums = try await withThrowingTaskGroup(of: UInt64.self) { group in
            for _ in 0..<64 {
                group.addTask { try ImageDecoder.decode(bytes).resized(width: 97, height: 101, .bicubic).checksum }
            }
            return try await group.reduce(into: Set<UInt64>()) { $0.insert($1) }
        }
        #expect(checksums.count == 1)
    }
}
