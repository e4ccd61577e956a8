import Media
import Testing

@Suite struct `A hostile or damaged JPEG` {
    let plain: [UInt8]
    let spectral: [UInt8]

    init() throws {
        plain = try Fixtures.bytes("jpeg/420.jpg")
        spectral = try Fixtures.bytes("jpeg/spectral.jpg")
    }

    @Test func `of a claimed size beyond the limits is refused by its header`() {
        expectRefusal(JPEGBytes.claiming(65_500, 65_500), "image_too_large", saying: "65500×65500")
        expectRefusal(JPEGBytes.claiming(65_535, 2), "image_too_large", saying: "65535×2")
        expectRefusal(JPEGBytes.claiming(8_001, 8_000), "image_too_large", saying: "64008000")
    }

    @Test func `whose coefficients would not fit into memory is refused by its header`() {
        // 60 million pixels, four full components, progressive: 480 MB of coefficients beside 180 MB of pixels.
        expectRefusal(
            JPEGBytes.claiming(10_000, 6_000, components: 4, marker: 0xC2), "image_too_large", saying: "MiB")
        // Sequential, but one component at a time: all must be kept as well.
        let separate =
            JPEGBytes.start + JPEGBytes.frame(10_000, 6_000, components: 4) + JPEGBytes.scan(components: 1)
        expectRefusal(separate + [1, 2, 3] + JPEGBytes.end, "image_too_large", saying: "MiB")
    }

    @Test func `with ten thousand scans is refused at the limit`() throws {
        let scans = JPEGBytes.scans(of: spectral)
        try #require(scans.count == 4)
        let again = try #require(scans.last)
        let body = Array(spectral.dropLast(2))
        #expect(refusal(of: body + (0..<96).flatMap { _ in again } + JPEGBytes.end) == nil)
        expectRefusal(
            body + (0..<97).flatMap { _ in again } + JPEGBytes.end, "undecodable_image", saying: "more than 100 scans")
        expectRefusal(
            body + (0..<10_000).flatMap { _ in again } + JPEGBytes.end, "undecodable_image", saying: "more than 100")
    }

    @Test(arguments: ["420", "progressive", "restart", "arithmetic", "separate", "cmyk-adobe", "grey"])
    func `cut anywhere is refused, never painted grey`(name: String) throws {
        let file = try Fixtures.bytes("jpeg/\(name).jpg")
        for length in 0..<file.count {
            #expect(refusal(of: Array(file.prefix(length)))?.code == "undecodable_image", "cut to \(length) bytes")
        }
    }

    @Test func `without its end marker is refused`() {
        expectRefusal(Array(plain.dropLast(2)), "undecodable_image", saying: "end")
        expectRefusal(Array(plain.dropLast(2)) + [0, 0, 0, 0], "undecodable_image")
    }

    @Test func `of next to nothing is refused`() {
        for bytes: [UInt8] in [[], [0xFF], [0xFF, 0xD8], [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xD9]] {
            expectRefusal(bytes, "undecodable_image")
        }
    }

    @Test func `without width or height is refused`() {
        expectRefusal(JPEGBytes.claiming(0, 0), "undecodable_image", saying: "0×0")
        expectRefusal(JPEGBytes.claiming(0, 10), "undecodable_image", saying: "0×10")
        expectRefusal(JPEGBytes.claiming(10, 0), "undecodable_image", saying: "10×0")
    }

    @Test func `of an unusual number of components is refused`() {
        for count in [0, 2, 5, 255] {
            expectRefusal(JPEGBytes.claiming(8, 8, components: count), "undecodable_image", saying: "\(count) colour")
        }
    }

    @Test func `of a process that is not read is named`() throws {
        expectRefusal(try Fixtures.bytes("jpeg/12-bit.jpg"), "undecodable_image", saying: "12 bits")
        expectRefusal(try Fixtures.bytes("jpeg/lossless.jpg"), "undecodable_image", saying: "lossless")
        expectRefusal(JPEGBytes.claiming(8, 8, marker: 0xC5), "undecodable_image", saying: "hierarchical")
    }

    @Test func `with impossible sampling factors is refused`() {
        for factors: UInt8 in [0x00, 0x01, 0x10, 0x51, 0x15, 0xFF] {
            let bytes = JPEGBytes.start + JPEGBytes.frame(8, 8, factors: factors) + JPEGBytes.scan() + JPEGBytes.end
            expectRefusal(bytes, "undecodable_image", saying: "sampling")
        }
    }

    @Test func `whose segments contradict each other is refused`() {
        let frame = JPEGBytes.frame(8, 8)
        expectRefusal(
            JPEGBytes.start + JPEGBytes.scan() + JPEGBytes.end, "undecodable_image", saying: "before the frame")
        expectRefusal(JPEGBytes.start + frame + frame + JPEGBytes.scan(), "undecodable_image", saying: "two frames")
        expectRefusal(JPEGBytes.start + [0xFF, 0xE0, 0, 1], "undecodable_image", saying: "length of 1")
        expectRefusal(JPEGBytes.start + [0xFF, 0xE0, 0xFF, 0xFF, 0], "undecodable_image", saying: "too early")
        expectRefusal(JPEGBytes.start + JPEGBytes.segment(0xC0, [8, 0]), "undecodable_image", saying: "cut")
        // A second frame behind the first scan, where only the decoder looks.
        expectRefusal(
            JPEGBytes.inserting([], into: plain.dropLast(2) + JPEGBytes.frame(9, 9) + JPEGBytes.end),
            "undecodable_image")
    }

    @Test func `with bytes behind its end is decoded without them`() throws {
        let expected = try ImageDecoder.decode(plain)
        let archive = Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 7, count: 5_000)
        #expect(try ImageDecoder.decode(plain + archive) == expected)
        #expect(try ImageDecoder.decode(plain + spectral) == expected)
        #expect(try ImageDecoder.decode(plain + [0xFF]) == expected)
    }

    @Test func `with foreign or broken metadata is decoded without it`() throws {
        let expected = try ImageDecoder.decode(plain)
        let profile = JPEGBytes.segment(0xE2, Array("ICC_PROFILE\0\u{1}\u{9}broken".utf8))
        let comment = JPEGBytes.segment(0xFE, [UInt8](repeating: 0xFF, count: 60_000))
        let padding: [UInt8] = [0xFF, 0xFF, 0xFF]
        #expect(try ImageDecoder.decode(JPEGBytes.inserting(profile + comment + padding, into: plain)) == expected)
    }

    @Test func `of one pixel or one row becomes an input like any other`() throws {
        let preprocess = ImagePreprocessor(
            width: 260, height: 260, resampling: .bicubic, mean: [127, 127, 127], deviation: [128, 128, 128])
        for (width, height) in [(1, 1), (1, 5_000), (5_000, 1), (3, 2)] {
            let image = try ImageDecoder.decode(PNGBytes.rgb(width, height), atLeast: (260, 260))
            #expect(image.width == width && image.height == height)
            #expect(preprocess(image).count == 260 * 260 * 3)
        }
    }
}
