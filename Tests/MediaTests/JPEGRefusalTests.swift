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
        expectRefusal(JPEGBytes.claiming(8_193, 8_192), "image_too_large", saying: "67117056")
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

    private static let kinds = [
        "420", "progressive", "restart", "arithmetic", "separate", "spectral", "cmyk-adobe", "grey",
    ]

    @Test(arguments: kinds)
    func `cut anywhere is refused, never painted grey`(name: String) throws {
        let file = try Fixtures.bytes("jpeg/\(name).jpg")
        for length in 0..<file.count - 2 {
            #expect(refusal(of: Array(file.prefix(length)))?.code == "undecodable_image", "cut to \(length) bytes")
        }
    }

    @Test(arguments: kinds.filter { $0 != "arithmetic" })
    func `without its end marker is decoded, for every row is there`(name: String) throws {
        let file = try Fixtures.bytes("jpeg/\(name).jpg")
        let expected = try ImageDecoder.decode(file)
        #expect(try ImageDecoder.decode(Array(file.dropLast(2))) == expected)
        #expect(try ImageDecoder.decode(Array(file.dropLast(1))) == expected)
    }

    @Test(arguments: ["420", "restart", "cmyk-adobe", "grey"])
    func `with another file in place of its end marker is decoded without it`(name: String) throws {
        let file = try Fixtures.bytes("jpeg/\(name).jpg")
        let expected = try ImageDecoder.decode(file)
        // A film in boxes, as the panoramas of some phones have it, and then whatever looks like markers.
        let film = [0, 0, 0, 24] + Array("ftypmp42".utf8) + [0xFF, 0xC0, 0, 3, 1, 0xFF, 0xDA, 0xFF, 0xC4, 0, 0]
        #expect(try ImageDecoder.decode(file.dropLast(2) + film) == expected)
    }

    @Test func `whose scan names no coefficients is decoded, for a baseline scan has all of them`() throws {
        let scan = try #require(plain.indices.first { plain[$0...].starts(with: [0xFF, 0xDA, 0, 12, 3]) })
        #expect(plain[(scan + 11)...].starts(with: [0, 63, 0]))
        var bytes = plain
        bytes[scan + 12] = 0
        #expect(try ImageDecoder.decode(bytes) == ImageDecoder.decode(plain))
    }

    @Test func `of which a colour never comes is refused, never painted without it`() throws {
        let file = try Fixtures.bytes("jpeg/separate.jpg")
        let scans = JPEGBytes.scans(of: file)
        try #require(scans.count == 3)
        let last = try #require(scans.last)
        expectRefusal(
            file.prefix(last.startIndex) + JPEGBytes.end, "undecodable_image", saying: "too early")
    }

    @Test func `with a segment of no length that nobody reads is decoded`() throws {
        for length: UInt8 in [0, 1] {
            let bytes = JPEGBytes.inserting([0xFF, 0xEB, 0, length], into: plain)
            #expect(try ImageDecoder.decode(bytes) == ImageDecoder.decode(plain), "length \(length)")
        }
    }

    @Test func `of 64 megapixels, as phones write them, is let in`() throws {
        let header = try ImageDecoder.header(of: JPEGBytes.claiming(9_248, 6_936))
        let tower = ImageRendition.stretched(width: 260, height: 260, .bicubic)
        #expect(header.width * header.height == 64_144_128)
        #expect(ImageDecoder.memoryNeeded(for: header, as: [tower]) < 32 << 20)
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
        expectRefusal(JPEGBytes.start + [0xFF, 0xDB, 0, 1] + plain.dropFirst(2), "undecodable_image")
        expectRefusal(JPEGBytes.start + [0xFF, 0xE0, 0xFF, 0xFF, 0], "undecodable_image", saying: "too early")
        expectRefusal(JPEGBytes.start + JPEGBytes.segment(0xC0, [8, 0]), "undecodable_image", saying: "cut")
        // A second frame between two scans, where only the decoder looks.
        let scans = JPEGBytes.scans(of: spectral)
        let second = scans[1].startIndex
        expectRefusal(
            spectral.prefix(second) + JPEGBytes.frame(9, 9) + spectral.suffix(from: second), "undecodable_image")
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
            let image = try ImageDecoder.decode(PNGBytes.rgb(width, height))
            #expect(image.width == width && image.height == height)
            #expect(preprocess(image).count == 260 * 260 * 3)
        }
    }
}
