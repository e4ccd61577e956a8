import Testing

@testable import Media

/// Networks are trained behind Pillow: any other pixels are another input. See Tests/Fixtures/media/make_golden.py.
@Suite struct `Pixels equal Pillow's` {
    @Test func `the golden file is there`() {
        #expect(Fixtures.goldens("bicubic").count >= 32)
        #expect(Fixtures.goldens("decode").count >= 120)
        #expect(Fixtures.goldens("near").count >= 25)
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

    /// Where libraries differ in how they spread colours that are stored at half the size, or in a last bit.
    @Test(arguments: Fixtures.goldens("near"))
    func `a decoded file, nearly`(golden: Fixtures.Golden) throws {
        let image = try ImageDecoder.decode(Fixtures.bytes(golden.file))
        try #require(image.width == golden.width && image.height == golden.height)
        let pixels = try Fixtures.bytes(golden.file.split(separator: ".").dropLast().joined(separator: ".") + ".rgb")
        let expected = PixelImage(width: golden.width, height: golden.height, pixels: pixels)
        try #require(expected.checksum == golden.checksum)
        let sum = zip(image.pixels, pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(Double(sum) / Double(pixels.count) < 1.2)
        #expect(image.largestDifference(from: expected) < 30)
    }

    /// That the profile was looked at: the same pixels without it are others.
    @Test func `a profile of grey or of inks changes what is seen`() throws {
        for name in ["grey-jpg.jpg", "grey-tif.tif", "inks-jpg.jpg", "inks-tif.tif"] {
            let file = try Fixtures.bytes("colours/\(name)")
            // Where each profile has "acsp", a file without a signature is damaged, and says nothing.
            let place = try #require(file.indices.first { file[$0...].starts(with: Array("acsp".utf8)) }, "\(name)")
            var plain = file
            plain[place] ^= 0x20
            #expect(try ImageDecoder.decode(file).largestDifference(from: ImageDecoder.decode(plain)) > 20, "\(name)")
        }
    }

    @Test(arguments: Fixtures.goldens("bicubic", "bilinear"))
    func `a resized photograph`(golden: Fixtures.Golden) throws {
        let filter: Resampling = golden.operation == "bicubic" ? .bicubic : .bilinear
        let image = try ImageDecoder.decode(Fixtures.bytes(golden.file))
        #expect(image.resized(width: golden.width, height: golden.height, filter).checksum == golden.checksum)
    }

    @Test(arguments: Fixtures.goldens("bicubic", "bilinear"))
    func `a photograph resized while it is decoded`(golden: Fixtures.Golden) throws {
        let filter: Resampling = golden.operation == "bicubic" ? .bicubic : .bilinear
        let size = ImageRendition.stretched(width: golden.width, height: golden.height, filter)
        #expect(try ImageDecoder.decode(Fixtures.bytes(golden.file), as: size).checksum == golden.checksum)
    }

    @Test(arguments: Fixtures.goldens("pillow"))
    func `a photograph resized with the other filters, whole and while it is decoded`(golden: Fixtures.Golden) throws {
        let names: [String: Resampling] = ["nearest": .nearest, "lanczos": .lanczos, "box": .box, "hamming": .hamming]
        let filter = try #require(names[String(golden.operation.dropFirst(7))])
        let bytes = try Fixtures.bytes(golden.file)
        let image = try ImageDecoder.decode(bytes)
        #expect(image.resized(width: golden.width, height: golden.height, filter).checksum == golden.checksum)
        let size = ImageRendition.stretched(width: golden.width, height: golden.height, filter)
        #expect(try ImageDecoder.decode(bytes, as: size).checksum == golden.checksum)
    }

    /// The shorter side to a length, then the middle, or black around it: see make_processors.py.
    @Test(arguments: Fixtures.goldens("shortest"))
    func `a photograph as CLIP's and BiT's processors prepare it`(golden: Fixtures.Golden) throws {
        let words = golden.operation.split(separator: "-")
        let filter = try #require(Int(words[2]).flatMap(Resampling.init))
        let rendition = ImageRendition.shortest(side: try #require(Int(words[1])), filter)
        let preprocess = ImagePreprocessor(
            rendition, width: golden.width, height: golden.height, scale: 1, mean: [0, 0, 0], deviation: [1, 1, 1])
        let bytes = try Fixtures.bytes(golden.file)
        for image in [try ImageDecoder.decode(bytes), try ImageDecoder.decode(bytes, as: rendition)] {
            let pixels = preprocess(image).map { UInt8($0) }
            #expect(
                PixelImage(width: golden.width, height: golden.height, pixels: pixels).checksum == golden.checksum)
        }
    }

    /// Every way to lie, sizes that shrink and grow on either side, and both orders of the two passes.
    @Test(arguments: 1...8) func `an image of any orientation resized while it is decoded`(orientation: Int) throws {
        let plain = try Fixtures.bytes("jpeg/420.jpg")
        let bytes = JPEGBytes.inserting(ExifBytes(orientation).segment, into: plain)
        let image = try ImageDecoder.decode(bytes)
        for width in [1, 7, 30, image.width, 100] {
            for height in [1, 5, 21, image.height, 90] {
                for filter in [Resampling.bilinear, .bicubic, .box, .lanczos] {
                    let size = ImageRendition.stretched(width: width, height: height, filter)
                    #expect(
                        try ImageDecoder.decode(bytes, as: size)
                            == image.resized(width: width, height: height, filter), "\(width)×\(height) \(filter)")
                }
            }
        }
    }

    @Test func `a picture does not depend on the file it comes in`() throws {
        // A JPEG of 320 × 213 pixels and a PNG of the same pixels.
        let jpeg = try Fixtures.bytes("chelsea.jpg")
        let pixels = try ImageDecoder.decode(jpeg)
        let rows = (0..<pixels.height).map { Array(pixels.pixels[$0 * pixels.width * 3..<($0 + 1) * pixels.width * 3]) }
        let png =
            PNGBytes.signature + PNGBytes.header(pixels.width, pixels.height)
            + PNGBytes.data(PNGBytes.unfiltered(rows)) + PNGBytes.end
        for size in [
            ImageRendition.stretched(width: 20, height: 20, .bicubic), .reduced(least: 13), .reduced(least: 50),
        ] {
            #expect(try ImageDecoder.decode(jpeg, as: size) == ImageDecoder.decode(png, as: size), "\(size)")
        }
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
