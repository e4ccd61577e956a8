import Testing

@testable import Media

/// Networks are trained behind Pillow: any other pixels are another input. See Tests/Fixtures/media/make_golden.py.
@Suite struct `Pixels equal Pillow's` {
    @Test func `the golden file is there`() {
        #expect(Fixtures.goldens("bicubic").count >= 32)
        #expect(Fixtures.goldens("decode").count >= 80)
    }

    @Test(arguments: Fixtures.goldens("decode"))
    func `a decoded file`(golden: Fixtures.Golden) throws {
        let image = try ImageDecoder.decode(Fixtures.bytes(golden.file))
        #expect(image.width == golden.width && image.height == golden.height)
        #expect(image.checksum == golden.checksum)
        // Small files have their pixels beside them, which say more than a checksum when something breaks.
        if let pixels = try? Fixtures.bytes(golden.file.split(separator: ".").dropLast().joined() + ".rgb") {
            let expected = PixelImage(width: golden.width, height: golden.height, pixels: pixels)
            #expect(image.largestDifference(from: expected) == 0)
        }
    }

    @Test(arguments: Fixtures.goldens("bicubic", "bilinear"))
    func `a resized photograph`(golden: Fixtures.Golden) throws {
        let filter: Resampling = golden.operation == "bicubic" ? .bicubic : .bilinear
        let image = try ImageDecoder.decode(Fixtures.bytes(golden.file))
        #expect(image.resized(width: golden.width, height: golden.height, filter).checksum == golden.checksum)
    }

    @Test(arguments: Fixtures.goldens("scaled"))
    func `a photograph scaled within the DCT`(golden: Fixtures.Golden) throws {
        let bytes = try Fixtures.bytes(golden.file)
        let header = try ImageDecoder.header(of: bytes)
        let scale = try #require(golden.operation.split(separator: " ").last.flatMap { Int($0) })
        // The largest target that allows this scale.
        let target = (width: header.width / scale / 2, height: header.height / scale / 2)
        let image = try ImageDecoder.decode(bytes, atLeast: target)
        #expect(image.width == golden.width && image.height == golden.height)
        #expect(image.checksum == golden.checksum)
    }

    @Test(arguments: ["astronaut", "chelsea"])
    func `every value of the network's input size`(name: String) throws {
        let expected = try ImageDecoder.decode(Fixtures.bytes("\(name)-260.png"))
        let image = try ImageDecoder.decode(Fixtures.bytes("\(name).jpg")).resized(width: 260, height: 260, .bicubic)
        #expect(image.largestDifference(from: expected) == 0)
    }

    @Test(arguments: [Resampling.bilinear, .bicubic])
    func `plain C gives the bits that vector instructions give`(filter: Resampling) throws {
        let sizes = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 97]
        for width in sizes {
            for height in [1, 5, 40] {
                let pixels = PNGBytes.pattern(width, height, channels: 3).flatMap { $0 }
                let image = PixelImage(width: width, height: height, pixels: pixels)
                for newWidth in sizes {
                    for newHeight in [1, 9, 33] {
                        let vector = image.resized(width: newWidth, height: newHeight, filter)
                        let plain = image.resized(width: newWidth, height: newHeight, filter, portable: true)
                        #expect(vector == plain, "\(width)×\(height) to \(newWidth)×\(newHeight)")
                    }
                }
            }
        }
        // Wider than a strip of columns, and hundreds of taps.
        let wide = PixelImage(
            width: 2_000, height: 300, pixels: PNGBytes.pattern(2_000, 300, channels: 3).flatMap { $0 })
        for (width, height) in [(3, 2), (1_999, 299), (2_001, 4)] {
            let plain = wide.resized(width: width, height: height, filter, portable: true)
            #expect(wide.resized(width: width, height: height, filter) == plain)
        }
    }
}
