import Media
import Testing

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
}
