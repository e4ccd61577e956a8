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

    @Test func `is the resized image normalised`() throws {
        let image = try ImageDecoder.decode(Fixtures.bytes("astronaut.jpg"))
        let preprocess = ImagePreprocessor(
            width: 260, height: 260, resampling: .bicubic, mean: [127, 127, 127], deviation: [128, 128, 128])
        let expected = image.resized(width: 260, height: 260, .bicubic).pixels.map { (Float($0) - 127) / 128 }
        #expect(preprocess(image) == expected)
    }
}

@Suite struct `Scaling within the DCT` {
    private func header(_ width: Int, _ height: Int) throws -> ImageHeader {
        try ImageDecoder.header(of: JPEGBytes.claiming(width, height))
    }

    @Test func `needs far less memory for a photograph than all its pixels`() throws {
        let photo = try header(4_000, 3_000)
        let whole = ImageDecoder.memoryNeeded(for: photo)
        #expect(whole >= 36_000_000)
        #expect(ImageDecoder.memoryNeeded(for: photo, atLeast: (260, 260)) < whole / 6)
    }

    @Test func `never goes below twice the target`() throws {
        for (width, height) in [(1_040, 1_040), (1_039, 2_000), (2_080, 2_079), (65_500, 520), (519, 519)] {
            let header = try header(width, height)
            let needed = ImageDecoder.memoryNeeded(for: header, atLeast: (260, 260))
            let least = min(width * height, 520 * 520) * 3
            #expect(needed >= least)
        }
        let bytes = try Fixtures.bytes("astronaut.jpg")
        for target in 1...320 {
            let image = try ImageDecoder.decode(bytes, atLeast: (target, target))
            #expect(image.width >= min(320, 2 * target) && image.height >= min(320, 2 * target))
        }
    }

    @Test func `changes the network's input by little`() throws {
        let bytes = try Fixtures.bytes("astronaut.jpg")
        let whole = try ImageDecoder.decode(bytes).resized(width: 80, height: 80, .bicubic)
        let scaled = try ImageDecoder.decode(bytes, atLeast: (80, 80))
        #expect(scaled.width == 160)
        let difference = zip(whole.pixels, scaled.resized(width: 80, height: 80, .bicubic).pixels)
            .map { abs(Int($0) - Int($1)) }
        let mean = Double(difference.reduce(0, +)) / Double(difference.count)
        #expect(mean < 1, "mean difference \(mean) of 255")
    }
}
