import Media
import Testing

@Suite struct `EXIF orientation` {
    let plain: [UInt8]

    init() throws { plain = try Fixtures.bytes("jpeg/420.jpg") }

    private func orientation(_ segments: [UInt8]) throws -> Int {
        try ImageDecoder.header(of: JPEGBytes.inserting(segments, into: plain)).orientation
    }

    @Test(arguments: Fixtures.goldens("orientation"))
    func `turns a JPEG as Pillow does`(golden: Fixtures.Golden) throws {
        let value = try #require(golden.operation.split(separator: " ").last.flatMap { Int($0) })
        for littleEndian in [true, false] {
            var exif = ExifBytes(value)
            exif.littleEndian = littleEndian
            if !littleEndian { exif.value = [0, UInt8(value), 0, 0] }
            let bytes = JPEGBytes.inserting(exif.segment, into: plain)
            let header = try ImageDecoder.header(of: bytes)
            #expect(header.orientation == value)
            #expect(header.width == 61 && header.height == 45)
            #expect(header.orientedWidth == golden.width && header.orientedHeight == golden.height)
            let image = try ImageDecoder.decode(bytes)
            #expect(image.width == golden.width && image.height == golden.height)
            #expect(image.checksum == golden.checksum)
        }
    }

    @Test func `turns an image that is resized, whose size is upright`() throws {
        let photo = try Fixtures.bytes("chelsea.jpg")
        let turned = JPEGBytes.inserting(ExifBytes(6).segment, into: photo)
        let image = try ImageDecoder.decode(turned, as: .reduced(least: 53))
        #expect(image.width == 107 && image.height == 160)
        let stretched = try ImageDecoder.decode(turned, as: .stretched(width: 30, height: 70, .bilinear))
        #expect(stretched.width == 30 && stretched.height == 70)
    }

    @Test func `that makes no sense means as stored`() throws {
        var cases: [(String, ExifBytes)] = []
        func add(_ name: String, _ change: (inout ExifBytes) -> Void) {
            var exif = ExifBytes(6)
            change(&exif)
            cases.append((name, exif))
        }
        for value: UInt8 in [0, 9, 255] { add("value \(value)") { $0.value = [value, 0, 0, 0] } }
        add("wrong byte order") { $0.value = [0, 6, 0, 0] }
        add("wrong magic number") { $0.magic = 43 }
        add("directory beyond the end") { $0.directory = 1_000 }
        add("directory at the far end of 32 bits") { $0.directory = 0xFFFF_FFFF }
        add("directory over the header") { $0.directory = 0 }
        add("65535 entries, tag elsewhere") {
            $0.entries = 65_535
            $0.tag = 0x0100
        }
        add("no entries") { $0.entries = 0 }
        add("a rational") { $0.type = 5 }
        add("a type that does not exist") { $0.type = 77 }
        add("two values") { $0.count = 2 }
        add("no value") { $0.count = 0 }
        for (name, exif) in cases {
            #expect(try orientation(exif.segment) == 1, "\(name)")
        }
    }

    @Test func `in 32 bits counts as well`() throws {
        var exif = ExifBytes(6)
        exif.type = 4
        #expect(try orientation(exif.segment) == 6)
    }

    @Test func `cut at any length is never read past`() throws {
        let tiff = ExifBytes(6).tiff
        for length in 0..<tiff.count {
            let segment = JPEGBytes.segment(0xE1, Array("Exif\0\0".utf8) + tiff.prefix(length))
            // The value is complete from its second byte on; the rest is padding.
            #expect(try orientation(segment) == (length >= 20 ? 6 : 1), "\(length) bytes")
        }
    }

    @Test func `of the first EXIF segment counts`() throws {
        #expect(try orientation(ExifBytes(6).segment + ExifBytes(3).segment) == 6)
        let foreign = JPEGBytes.segment(0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x/>".utf8))
        #expect(try orientation(foreign + ExifBytes(8).segment) == 8)
    }
}
