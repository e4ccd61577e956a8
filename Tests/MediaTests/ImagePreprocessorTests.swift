import Media
import Testing

@Suite struct `The input of an image tower` {
    @Test func `is value minus mean over deviation, per channel, rows first`() {
        let image = PixelImage(width: 2, height: 1, pixels: [0, 127, 255, 10, 20, 30])
        let preprocess = ImagePreprocessor(
            width: 2, height: 1, resampling: .bicubic, mean: [127, 100, 0], deviation: [128, 2, 255])
        let expected: [Float] = [-127.0 / 128, 13.5, 1, -117.0 / 128, -40, 30.0 / 255]
        #expect(preprocess(image) == expected)
    }

    @Test func `is scaled before it is normalised, as transformers 5.24 does`() {
        let image = PixelImage(width: 2, height: 1, pixels: [0, 127, 255, 10, 20, 30])
        let preprocess = ImagePreprocessor(
            width: 2, height: 1, resampling: .bicubic, scale: 1 / 255, mean: [0.48145466, 0.4578275, 0.40821073],
            deviation: [0.26862954, 0.26130258, 0.27577711])
        // CLIPImageProcessor(do_resize=False, do_center_crop=False) of the same pixels.
        let expected: [Float] = [-1.7922626, 0.15388939, 2.1458972, -1.6462783, -1.4519417, -1.0536178]
        #expect(zip(preprocess(image), expected).allSatisfy { abs($0 - $1) <= 1e-6 })
    }

    @Test func `is the resized image normalised`() throws {
        let image = try ImageDecoder.decode(Fixtures.bytes("astronaut.jpg"))
        let preprocess = ImagePreprocessor(
            width: 260, height: 260, resampling: .bicubic, mean: [127, 127, 127], deviation: [128, 128, 128])
        let expected = image.resized(width: 260, height: 260, .bicubic).pixels.map { (Float($0) - 127) / 128 }
        #expect(preprocess(image) == expected)
    }
}

@Suite struct `Resizing while decoding` {
    private let tower = ImageRendition.stretched(width: 260, height: 260, .bicubic)

    private func header(_ width: Int, _ height: Int) throws -> ImageHeader {
        try ImageDecoder.header(of: JPEGBytes.claiming(width, height))
    }

    @Test func `needs far less memory for a photograph than all its pixels`() throws {
        for photo in [try header(4_000, 3_000), try header(3_000, 4_000)] {
            let whole = ImageDecoder.memoryNeeded(for: photo, as: [.whole])
            #expect(whole >= 72_000_000)  // the pixels, and a copy for whoever asked
            #expect(ImageDecoder.memoryNeeded(for: photo, as: [tower]) < whole / 6)
        }
    }

    @Test func `makes a reduced image of at least twice what is wanted`() throws {
        for (width, height) in [
            (1_040, 1_040), (1_039, 2_000), (2_080, 2_079), (65_500, 520), (519, 519), (9_000, 9_000),
        ] {
            let size = ImageRendition.reduced(least: 260).size(ofWidth: width, height: height)
            #expect(min(size.width, size.height) >= min(width, height, 520))
            #expect(min(size.width, size.height) <= 1_040 || size.width == (width + 7) / 8)
        }
        let bytes = try Fixtures.bytes("astronaut.jpg")
        for target in 1...320 {
            let image = try ImageDecoder.decode(bytes, as: .reduced(least: target))
            #expect(image.width >= min(320, 2 * target) && image.height >= min(320, 2 * target))
        }
    }
}
