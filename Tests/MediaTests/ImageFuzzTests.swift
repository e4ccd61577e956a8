import Foundation
import Media
import Testing

/// Damages image files at random, the same way each time. `SENSORIUM_FUZZ_ITERATIONS=1000000` runs longer,
/// `SENSORIUM_FUZZ_SEED=7` elsewhere, `SENSORIUM_FUZZ_FORMAT=webp` with files of one ending.
@Suite struct `Damaged images` {
    private static let environment = ProcessInfo.processInfo.environment
    private static let iterations = environment["SENSORIUM_FUZZ_ITERATIONS"].flatMap { Int($0) } ?? 20_000
    private static let seed = environment["SENSORIUM_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    private static let ending = environment["SENSORIUM_FUZZ_FORMAT"].map { ".\($0)" } ?? ""

    @Test func `decode to an image of the announced size or are refused with a sentence`() throws {
        var corpus: [[UInt8]] = []
        for name in Set(Fixtures.goldens("decode", "near").map(\.file)).sorted() where !name.hasSuffix("-260.png") {
            let bytes = try Fixtures.bytes(name)
            if bytes.count < 30_000, name.hasSuffix(Self.ending) { corpus.append(bytes) }
        }
        try #require(corpus.count > (Self.ending.isEmpty ? 60 : 5))
        let limits = ImageLimits(maxPixels: 4_000_000, maxMemory: 64 << 20)
        var mutation = Mutation(seed: Self.seed)
        var decoded = 0
        for iteration in 0..<Self.iterations {
            let bytes = mutation.damage(corpus[mutation.below(corpus.count)], from: corpus)
            let size: ImageRendition = iteration % 3 == 0 ? .stretched(width: 16, height: 24, .bicubic) : .whole
            do throws(MediaError) {
                let header = try ImageDecoder.header(of: bytes, limits: limits)
                let memory = ImageDecoder.memoryNeeded(for: header, as: [size])
                let image = try ImageDecoder.decode(bytes, limits: limits, as: size)
                decoded += 1
                if size == .whole {
                    #expect(image.width == header.orientedWidth && image.height == header.orientedHeight)
                }
                #expect(image.pixels.count == image.width * image.height * 3 && image.pixels.count < memory)
                #expect((try? streamed(bytes, limits, size, pieces: 1 << 16)) == image)
                // In small pieces libjpeg looks at more of the codes: what it guesses of a damaged JPEG is refused, or another
                // guess of the same size.
                if let streamed = try? streamed(bytes, limits, size, pieces: 61) {
                    let isJPEG = header.format == .jpeg
                    #expect(isJPEG ? streamed.pixels.count == image.pixels.count : streamed == image)
                }
            } catch {
                for length in [61, 1 << 16] {
                    #expect((try? streamed(bytes, limits, size, pieces: length)) == nil)
                }
                #expect(!error.code.isEmpty && error.description.hasSuffix("."))
            }
        }
        #expect(decoded > 0, "damage that nothing survives tests little")
    }

    private func streamed(
        _ bytes: [UInt8], _ limits: ImageLimits, _ size: ImageRendition, pieces length: Int
    ) throws(MediaError) -> PixelImage? {
        try ImageDecoder.decode(
            ByteStream(bytes, pieces: length), header: ImageDecoder.header(of: bytes, limits: limits), limits: limits,
            as: [size]
        ).first
    }
}
