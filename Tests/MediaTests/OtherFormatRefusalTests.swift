import Media
import Testing

/// Formats besides JPEG and PNG: what is missing is refused, and what no pixel needs may be missing.
@Suite struct `A hostile or damaged image of another format` {
    /// A file of each kind, and how many bytes at its end no pixel needs.
    private static let files = [
        // A byte that makes a chunk's length even.
        ("webp/lossy.webp", 0), ("webp/lossless.webp", 1), ("webp/lossy-alpha.webp", 0), ("webp/offset.webp", 0),
        // The empty block and the trailer.
        ("gif/plain.gif", 2), ("gif/interlaced.gif", 2), ("gif/offset.gif", 2), ("gif/local-colours.gif", 2),
        ("bmp/24.bmp", 1), ("bmp/8.bmp", 3), ("bmp/565.bmp", 2), ("bmp/top-down.bmp", 2), ("bmp/rle8.bmp", 0),
        ("heic/photo.heic", 0), ("heic/alpha.heic", 0), ("avif/444.avif", 0), ("avif/alpha.avif", 0),
        ("tiff/plain.tif", 0), ("tiff/strips.tif", 0), ("tiff/jpeg.tif", 0), ("tiff/tiles.tif", 0),
        ("tiff/bilevel.tif", 4), ("tiff/big.tif", 0), ("tiff/cmyk-16.tif", 0), ("tiff/cmyk-16-tiles.tif", 0),
        ("tiff/cmyk-16-planes.tif", 0),
    ]

    @Test(arguments: files)
    func `cut anywhere in its pixels is refused, and behind them decoded`(name: String, spare: Int) throws {
        let file = try Fixtures.bytes(name)
        let expected = try ImageDecoder.decode(file)
        let step = max(1, file.count / 300)
        let lengths = Set(stride(from: 16, to: file.count - spare - 20, by: step)).union(
            max(16, file.count - spare - 20)..<file.count)
        for length in lengths.sorted() {
            let cut = Array(file.prefix(length))
            if length < file.count - spare {
                let refusal = refusal(of: cut)
                #expect(refusal?.code == "undecodable_image", "cut to \(length) of \(file.count) bytes")
                // Boxes end before what they hold, and strips before their last row.
                let says = refusal?.description ?? ""
                if name.hasSuffix("heic") || name.hasSuffix("avif") { #expect(says.contains("it ends"), "\(says)") }
                #expect(!says.contains("strip"), "\(says)")
            } else {
                #expect(try ImageDecoder.decode(cut) == expected, "cut to \(length) of \(file.count) bytes")
            }
        }
    }

    @Test(arguments: files.map(\.0))
    func `with bytes behind its end is decoded without them`(name: String) throws {
        let file = try Fixtures.bytes(name)
        for behind in [[0], [1, 2, 3], file, [UInt8](repeating: 0x21, count: 5_000)] {
            #expect(try ImageDecoder.decode(file + behind) == ImageDecoder.decode(file))
        }
    }

    @Test(arguments: ["heic", "avif"])
    func `that says another size than its pixels have is refused`(kind: String) throws {
        expectRefusal(try Fixtures.bytes("\(kind)/lying.\(kind)"), "image_too_large", saying: "60000×60000")
        expectRefusal(try Fixtures.bytes("\(kind)/small.\(kind)"), "undecodable_image", saying: "two different sizes")
        let file = try Fixtures.bytes("\(kind)/photo.\(kind)")
        let size = try #require(file.indices.first { file[$0...].starts(with: Array("ispe".utf8)) })
        var bytes = file
        for (width, height): (UInt8, UInt8) in [(0, 64), (64, 0)] {
            bytes[size + 11] = width
            bytes[size + 15] = height
            expectRefusal(bytes, "undecodable_image", saying: "\(width)×\(height)")
        }
    }

    @Test func `that is a photo of 48 megapixels in tiles fits into the memory of the service`() throws {
        var bytes = try Fixtures.bytes("heic/grid.heic")
        // ispe: version and flags, then both sides.
        let size = Array("ispe".utf8) + [0, 0, 0, 0] + JPEGBytes.big32(120) + JPEGBytes.big32(110)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: size) })
        bytes.replaceSubrange(place + 8..<place + 16, with: JPEGBytes.big32(8_064) + JPEGBytes.big32(6_048))
        let header = try ImageDecoder.header(of: bytes)
        let tower = ImageRendition.stretched(width: 260, height: 260, .bicubic)
        #expect(header.width == 8_064 && ImageDecoder.memoryNeeded(for: header, as: [tower]) < 448 << 20)
        #expect(throws: MediaError.self) { try ImageDecoder.decode(bytes, as: tower) }
    }

    @Test(arguments: ["heic", "avif"])
    func `whose boxes name no image is refused`(kind: String) throws {
        let file = try Fixtures.bytes("\(kind)/photo.\(kind)")
        for box in ["meta", "pitm", "iprp", "ipco", "ipma", "ispe"] {
            let place = try #require(file.indices.first { file[$0...].starts(with: Array(box.utf8)) })
            var bytes = file
            bytes[place] ^= 0x20
            #expect(refusal(of: bytes)?.code == "undecodable_image", "\(box)")
        }
        expectRefusal(Array(file.prefix(24)), "undecodable_image", saying: "ends before")
    }

    @Test(arguments: ["heic", "avif"])
    func `whose picture is made of itself is refused before a decoder follows that`(kind: String) throws {
        var bytes = try Fixtures.bytes("\(kind)/grid.\(kind)")
        let name = Array("dimg".utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        // Behind the name stand the picture, the number of its tiles, and these.
        bytes.replaceSubrange(place + 8..<place + 10, with: bytes[place + 4..<place + 6])
        expectRefusal(bytes, "undecodable_image", saying: "circle")
    }

    @Test func `that is a TIFF of a kind that is not read is named`() throws {
        expectRefusal(try Fixtures.bytes("tiff/preview.tif"), "undecodable_image", saying: "raw file")
        expectRefusal(try Fixtures.bytes("tiff/float.tif"), "undecodable_image", saying: "32-bit floating-point")
        expectRefusal(try Fixtures.bytes("tiff/float-16.tif"), "undecodable_image", saying: "16-bit floating-point")
        expectRefusal(try Fixtures.bytes("tiff/signed.tif"), "undecodable_image", saying: "with a sign")
        expectRefusal(try Fixtures.bytes("tiff/32-bit.tif"), "undecodable_image", saying: "32 bits")
        let plain = try Fixtures.bytes("tiff/plain.tif")
        let directory = Int(plain[4]) | Int(plain[5]) << 8
        var bytes = plain
        bytes[4] = 0xFF
        bytes[5] = 0xFF
        expectRefusal(bytes, "undecodable_image", saying: "early")
        // Without entries it says nothing.
        bytes = plain
        bytes[directory] = 0
        expectRefusal(bytes, "undecodable_image", saying: "how large")
    }

    @Test func `that is a TIFF of a claimed size beyond the limits is refused by its directory`() throws {
        let big = try Fixtures.bytes("tiff/big.tif")
        // Tag 256, four bytes, one of them.
        let entry: [UInt8] = [0, 1, 4, 0, 1]
        let width = try #require(big.indices.first { big[$0...].starts(with: entry) })
        var bytes = big
        bytes[width + 14] = 0xFF
        expectRefusal(bytes, "image_too_large", saying: "16711741×45")
        // More entries than there are, and a directory that is nowhere.
        let directory = Int(big[8]) | Int(big[9]) << 8
        bytes = big
        bytes[directory + 2] = 1
        expectRefusal(bytes, "undecodable_image", saying: "directory is damaged")
        for (place, value) in [(9, 0xFF), (15, 0x7F), (15, 0xFF)] as [(Int, UInt8)] {
            bytes = big
            bytes[place] = value
            expectRefusal(bytes, "undecodable_image", saying: "early")
        }
    }

    @Test func `that is a TIFF of other inks is refused`() throws {
        let inks = try Fixtures.bytes("tiff/cmyk-16.tif")
        // Tag 277, two bytes, one of them: four samples of a pixel.
        let entry: [UInt8] = [0x15, 1, 3, 0, 1, 0, 0, 0, 4]
        let samples = try #require(inks.indices.first { inks[$0...].starts(with: entry) })
        var bytes = inks
        bytes[samples + 8] = 3
        #expect(refusal(of: bytes)?.code == "undecodable_image")
    }

    @Test(arguments: ["webp/animated.webp", "gif/animated.gif"])
    func `cut in its second frame shows the first`(name: String) throws {
        let file = try Fixtures.bytes(name)
        #expect(try ImageDecoder.decode(Array(file.dropLast(40))) == ImageDecoder.decode(file))
    }

    /// `file` with numbers of 16 bits, the lower byte first, at a place.
    private func changing(_ name: String, at place: Int, to numbers: Int...) throws -> [UInt8] {
        var file = try Fixtures.bytes(name)
        for (index, number) in numbers.enumerated() {
            file[place + 2 * index] = UInt8(truncatingIfNeeded: number)
            file[place + 2 * index + 1] = UInt8(truncatingIfNeeded: number >> 8)
        }
        return file
    }

    @Test func `of a claimed size beyond the limits is refused by its header`() throws {
        expectRefusal(
            try changing("gif/plain.gif", at: 6, to: 60_000, 60_000), "image_too_large", saying: "60000×60000")
        expectRefusal(
            try changing("bmp/24.bmp", at: 18, to: 60_000, 0, 60_000, 0), "image_too_large", saying: "60000×60000")
        expectRefusal(
            try changing("bmp/24.bmp", at: 18, to: 0xFFFF, 0x7FFF, 1, 0), "image_too_large", saying: "2147483647×1")
        // 24 bits for each side of the canvas, behind the flags of an extended file.
        expectRefusal(
            try changing("webp/offset.webp", at: 24, to: 0xFFFF, 0xFFFF, 0xFFFF), "image_too_large",
            saying: "16777216×16777216")
    }

    @Test func `whose pixels would not fit into memory is refused by its header`() throws {
        let limits = ImageLimits(maxMemory: 100 << 20)
        // The canvas is within the limits, and the frame as large as its bits can say.
        let frame = try changing("webp/lossless.webp", at: 21, to: 0xFFFF, 0x0FFF)
        expectRefusal(frame, "image_too_large", saying: "16384×16384")
        let wide = try changing("webp/lossy.webp", at: 26, to: 8_000, 8_000)
        expectRefusal(wide, "image_too_large", saying: "MiB", limits: limits)
        expectRefusal(
            try changing("bmp/rle8.bmp", at: 18, to: 8_000, 0, 8_000, 0), "image_too_large", saying: "MiB",
            limits: ImageLimits(maxMemory: 60 << 20))
    }

    @Test func `without width or height is refused`() throws {
        expectRefusal(try changing("bmp/24.bmp", at: 18, to: 0, 0), "undecodable_image", saying: "0×45")
        expectRefusal(try changing("bmp/24.bmp", at: 18, to: 0xFFFF, 0xFFFF), "undecodable_image", saying: "-1×45")
        expectRefusal(try changing("webp/lossy.webp", at: 26, to: 0, 7), "undecodable_image", saying: "0×7")
    }

    @Test func `whose two sizes differ is refused`() throws {
        // A canvas smaller than its only frame.
        expectRefusal(try changing("webp/lossy-alpha.webp", at: 24, to: 20, 0x1400, 0), "undecodable_image")
    }

    @Test func `without an image is refused`() throws {
        let plain = try Fixtures.bytes("gif/plain.gif")
        let image = try #require(plain.indices.first { plain[$0] == 0x2C && $0 >= 13 + 96 })
        expectRefusal(plain.prefix(image) + [0x3B], "undecodable_image", saying: "no image")
        expectRefusal(
            plain.prefix(image) + [7] + plain.suffix(from: image), "undecodable_image", saying: "unknown kind")
        expectRefusal(Array(try Fixtures.bytes("webp/lossy.webp").prefix(12)), "undecodable_image", saying: "early")
    }

    @Test func `that is a GIF without colours is refused`() throws {
        var bytes = try Fixtures.bytes("gif/local-colours.gif")
        let image = try #require(bytes.indices.first { bytes[$0] == 0x2C && $0 >= 13 })
        let count = 3 << (Int(bytes[image + 9] & 7) + 1)
        bytes[image + 9] &= 0x40
        bytes.removeSubrange(image + 10..<image + 10 + count)
        expectRefusal(bytes, "undecodable_image", saying: "palette")
    }

    @Test func `that is a BMP of a kind that is not read is named`() throws {
        expectRefusal(try changing("bmp/24.bmp", at: 28, to: 2), "undecodable_image", saying: "2 bits")
        expectRefusal(try changing("bmp/24.bmp", at: 30, to: 4), "undecodable_image", saying: "compression 4")
        expectRefusal(try changing("bmp/24.bmp", at: 14, to: 39), "undecodable_image", saying: "39 bytes")
    }
}
