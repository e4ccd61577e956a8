import Media
import Testing

@Suite struct `A hostile or damaged PNG` {
    let whole = PNGBytes.rgb(9, 7)

    private func assembled(_ chunks: [UInt8]...) -> [UInt8] { PNGBytes.signature + chunks.flatMap { $0 } }

    @Test func `of a claimed size beyond the limits is refused by its header`() {
        let data = PNGBytes.data([UInt8](repeating: 0, count: 20_000))
        expectRefusal(
            assembled(PNGBytes.header(60_000, 60_000), data, PNGBytes.end), "image_too_large", saying: "60000×60000")
        expectRefusal(
            assembled(PNGBytes.header(30_000, 30_000), data, PNGBytes.end), "image_too_large", saying: "900000000")
        expectRefusal(
            assembled(PNGBytes.header(Int(Int32.max), Int(Int32.max)), data, PNGBytes.end), "image_too_large")
        expectRefusal(assembled(PNGBytes.header(70_000, 1), data, PNGBytes.end), "image_too_large", saying: "70000×1")
        expectRefusal(
            assembled(PNGBytes.header(0xFFFF_FFFF, 1), data, PNGBytes.end), "undecodable_image", saying: "size")
    }

    @Test func `whose interlaced rows would not fit into memory is refused by its header`() {
        // 64 million pixels: 256 MB of RGBA until the last pass is read, and 192 MB of RGB.
        let header = PNGBytes.header(8_000, 8_000, colour: 6, interlace: 1)
        expectRefusal(
            assembled(header, PNGBytes.data([0]), PNGBytes.end), "image_too_large", saying: "MiB",
            limits: ImageLimits(maxMemory: 400 << 20))
    }

    @Test func `cut anywhere in its pixels is refused`() {
        for length in 0..<whole.count - 12 {
            #expect(refusal(of: Array(whole.prefix(length)))?.code == "undecodable_image", "cut to \(length) bytes")
        }
    }

    @Test func `cut behind its pixels is decoded, for every row is there`() throws {
        let expected = try ImageDecoder.decode(whole)
        for length in whole.count - 12..<whole.count {
            #expect(try ImageDecoder.decode(Array(whole.prefix(length))) == expected, "cut to \(length) bytes")
        }
        let text = PNGBytes.chunk("tEXt", Array("Comment\0hello".utf8)).dropLast(7)
        #expect(try ImageDecoder.decode(Array(whole.dropLast(12)) + text) == expected)
    }

    @Test func `without width or height is refused`() {
        for (width, height) in [(0, 0), (0, 4), (4, 0)] {
            expectRefusal(
                assembled(PNGBytes.header(width, height), PNGBytes.data([0]), PNGBytes.end), "undecodable_image",
                saying: "\(width)×\(height)")
        }
    }

    @Test func `of a colour type, depth or method that does not exist is refused`() {
        for (depth, colour): (UInt8, UInt8) in [(3, 0), (16, 3), (4, 2), (8, 1), (8, 5), (8, 7), (0, 0), (2, 6)] {
            expectRefusal(
                assembled(PNGBytes.header(1, 1, depth: depth, colour: colour), PNGBytes.data([0, 0]), PNGBytes.end),
                "undecodable_image", saying: "does not exist")
        }
        expectRefusal(
            assembled(PNGBytes.header(1, 1, interlace: 2), PNGBytes.data([0, 0]), PNGBytes.end), "undecodable_image",
            saying: "method")
    }

    @Test func `with a wrong checksum where pixels hang on it is refused`() throws {
        let palette = PNGBytes.chunk("PLTE", [1, 2, 3, 4, 5, 6])
        let alpha = PNGBytes.chunk("tRNS", [0])
        let header = PNGBytes.header(2, 1, colour: 3)
        let data = PNGBytes.data([0, 0, 1])
        #expect(refusal(of: assembled(header, palette, alpha, data, PNGBytes.end)) == nil)
        for damaged in 0..<5 {
            var chunks = [header, palette, alpha, data, PNGBytes.end]
            chunks[damaged][chunks[damaged].count - 1] ^= 1
            let isBehind = damaged == 4
            #expect(
                refusal(of: PNGBytes.signature + chunks.flatMap { $0 })?.code == (isBehind ? nil : "undecodable_image"))
        }
    }

    @Test func `with a wrong checksum in a comment is decoded`() throws {
        var comment = PNGBytes.chunk("tEXt", Array("Comment\0hello".utf8))
        comment[comment.count - 1] ^= 1
        let bytes = Array(whole.prefix(33)) + comment + Array(whole.dropFirst(33))
        #expect(try ImageDecoder.decode(bytes) == ImageDecoder.decode(whole))
    }

    @Test func `whose image data comes a byte a chunk is decoded`() throws {
        let rows = PNGBytes.pattern(9, 7, channels: 3)
        let chunks = PNGBytes.zlib(PNGBytes.unfiltered(rows)).flatMap { PNGBytes.chunk("IDAT", [$0]) }
        #expect(
            try ImageDecoder.decode(assembled(PNGBytes.header(9, 7), chunks, PNGBytes.end)).pixels
                == rows.flatMap { $0 })
    }

    @Test func `whose image data ends early, goes on or contradicts its checksum is refused`() {
        let header = PNGBytes.header(3, 2)
        let rows = PNGBytes.unfiltered(PNGBytes.pattern(3, 2, channels: 3))
        expectRefusal(assembled(header, PNGBytes.data(Array(rows.dropLast())), PNGBytes.end), "undecodable_image")
        let flood = PNGBytes.data(rows + [UInt8](repeating: 0, count: 100_000))
        expectRefusal(assembled(header, flood, PNGBytes.end), "undecodable_image", saying: "more image data")
        var stream = PNGBytes.zlib(rows)
        stream[stream.count - 1] ^= 1
        expectRefusal(assembled(header, PNGBytes.chunk("IDAT", stream), PNGBytes.end), "undecodable_image")
        stream = PNGBytes.zlib(rows)
        stream[0] = 0x79
        expectRefusal(assembled(header, PNGBytes.chunk("IDAT", stream), PNGBytes.end), "undecodable_image")
        expectRefusal(assembled(header, PNGBytes.data([9] + rows.dropFirst()), PNGBytes.end), "undecodable_image")
    }

    @Test func `with more behind the last row than the image needs is decoded without it`() throws {
        let header = PNGBytes.header(3, 2)
        let pattern = PNGBytes.pattern(3, 2, channels: 3)
        let rows = PNGBytes.unfiltered(pattern)
        let stream = PNGBytes.zlib(rows)
        let data = PNGBytes.data(rows)
        let behind = [
            PNGBytes.data(rows + [0]), PNGBytes.data(rows + rows),  // a byte, and two rows more
            PNGBytes.chunk("IDAT", stream + [0]), PNGBytes.chunk("IDAT", stream + stream),  // behind the stream
            data + PNGBytes.chunk("IDAT", [0]), data + PNGBytes.chunk("tEXt", []) + data, data + header + data,
            data + PNGBytes.chunk("ABCD", [1]),
        ]
        for (index, chunks) in behind.enumerated() {
            #expect(
                try ImageDecoder.decode(assembled(header, chunks, PNGBytes.end)).pixels == pattern.flatMap { $0 },
                "number \(index)")
        }
    }

    @Test func `with a palette or a transparency that is odd in what no pixel needs is decoded`() throws {
        let grey = PNGBytes.data([0, 10, 200])
        let greys: [UInt8] = [10, 10, 10, 200, 200, 200]
        let palette = PNGBytes.chunk("PLTE", [1, 2, 3])
        #expect(try ImageDecoder.decode(assembled(PNGBytes.header(2, 1, colour: 0), palette, grey)).pixels == greys)
        // Of a transparent value the bits that a sample has are looked at (11.3.2.1).
        let high = PNGBytes.chunk("tRNS", [1, 10])
        let clear: [UInt8] = [255, 255, 255, 200, 200, 200]
        #expect(try ImageDecoder.decode(assembled(PNGBytes.header(2, 1, colour: 0), high, grey)).pixels == clear)
        let odd = PNGBytes.chunk("PLTE", [1, 2, 3, 4])
        let colours = PNGBytes.data([0, 1, 2, 3, 4, 5, 6])
        #expect(try ImageDecoder.decode(assembled(PNGBytes.header(2, 1), odd, colours)).pixels == [1, 2, 3, 4, 5, 6])
        let alphas = PNGBytes.data([0, 1, 2, 3, 255])
        let trns = PNGBytes.chunk("tRNS", [0, 1, 0, 2, 0, 3])
        let header = PNGBytes.header(1, 1, colour: 6)
        #expect(try ImageDecoder.decode(assembled(header, trns, alphas)).pixels == [1, 2, 3])
        let twice = [PNGBytes.chunk("tRNS", [0, 10]), PNGBytes.chunk("tRNS", [0, 200])].flatMap { $0 }
        #expect(
            try ImageDecoder.decode(assembled(PNGBytes.header(2, 1, colour: 0), twice, grey)).pixels
                == clear)
    }

    @Test func `with bytes behind its end is decoded without them`() throws {
        #expect(try ImageDecoder.decode(whole + [1, 2, 3] + whole) == ImageDecoder.decode(whole))
    }

    @Test func `of a pixel beyond the end of the palette has it black`() throws {
        let palette = PNGBytes.chunk("PLTE", [1, 2, 3, 4, 5, 6])
        for interlace: UInt8 in [0, 1] {
            let header = PNGBytes.header(2, 1, colour: 3, interlace: interlace)
            // Interlaced, the two pixels of a row are rows of two reduced images.
            let data = PNGBytes.data(interlace == 0 ? [0, 1, 2] : [0, 1, 0, 2])
            let image = try ImageDecoder.decode(assembled(header, palette, data, PNGBytes.end))
            #expect(image.pixels == [4, 5, 6, 0, 0, 0])
        }
    }

    @Test func `of a palette that is missing, empty or broken is refused`() {
        let header = PNGBytes.header(2, 1, colour: 3)
        let data = PNGBytes.data([0, 0, 2])
        let palette = PNGBytes.chunk("PLTE", [1, 2, 3, 4, 5, 6])
        expectRefusal(assembled(header, data, PNGBytes.end), "undecodable_image", saying: "palette")
        expectRefusal(assembled(header, data, palette, PNGBytes.end), "undecodable_image", saying: "palette")
        expectRefusal(assembled(header, PNGBytes.chunk("PLTE", []), data, PNGBytes.end), "undecodable_image")
        expectRefusal(assembled(header, PNGBytes.chunk("PLTE", [1, 2]), data, PNGBytes.end), "undecodable_image")
        let long = PNGBytes.chunk("PLTE", [UInt8](repeating: 0, count: 257 * 3))
        expectRefusal(assembled(header, long, data, PNGBytes.end), "undecodable_image")
    }

    @Test func `whose chunks are out of order is refused`() {
        let header = PNGBytes.header(1, 1)
        let data = PNGBytes.data([0, 1, 2, 3])
        let unknown = PNGBytes.chunk("ABCD", [1])
        expectRefusal(assembled(header, header, data, PNGBytes.end), "undecodable_image", saying: "two headers")
        expectRefusal(assembled(data, header, PNGBytes.end), "undecodable_image", saying: "begin")
        expectRefusal(assembled(header, PNGBytes.end), "undecodable_image", saying: "no image data")
        let half = PNGBytes.zlib([0, 1, 2, 3])
        expectRefusal(
            assembled(
                header, PNGBytes.chunk("IDAT", Array(half.prefix(8))), PNGBytes.chunk("tEXt", []),
                PNGBytes.chunk("IDAT", Array(half.dropFirst(8))), PNGBytes.end), "undecodable_image")
        expectRefusal(assembled(header, unknown, data, PNGBytes.end), "undecodable_image")
        expectRefusal(
            assembled(PNGBytes.chunk("CgBI", [0, 0, 0, 0]), header, data, PNGBytes.end), "undecodable_image",
            saying: "Apple")
        expectRefusal(assembled(PNGBytes.chunk("IHDR", [0]), data, PNGBytes.end), "undecodable_image", saying: "13")
    }

    @Test func `with a chunk of an absurd length is refused`() {
        let header = PNGBytes.header(1, 1)
        for length in [0xFFFF_FFFF, 0x8000_0000, 0x7FFF_FFFF, 1_000] {
            let chunk = JPEGBytes.big32(length) + Array("IDAT".utf8) + [0, 0, 0, 0]
            expectRefusal(assembled(header, chunk), "undecodable_image")
        }
    }

    @Test func `whose text inflates a thousandfold is decoded without it`() throws {
        // Its pixels are golden; here it counts that 96 MB of text do not count against a limit of 8 MB.
        let bytes = try Fixtures.bytes("png/chunk-bombs.png")
        #expect(refusal(of: bytes, limits: ImageLimits(maxMemory: 8 << 20)) == nil)
    }

    @Test func `with frames upon frames shows the still image`() throws {
        let header = PNGBytes.header(9, 7)
        let rows = PNGBytes.pattern(9, 7, channels: 3)
        let control = PNGBytes.chunk("acTL", JPEGBytes.big32(0x7FFF_FFFF) + JPEGBytes.big32(0))
        let frame = PNGBytes.chunk("fcTL", JPEGBytes.big32(0) + JPEGBytes.big32(60_000) + JPEGBytes.big32(60_000))
        let frames = (0..<1_000).flatMap { _ in frame + PNGBytes.chunk("fdAT", [0, 0, 0, 1, 0x78]) }
        let bytes = assembled(header, control, frame, PNGBytes.data(PNGBytes.unfiltered(rows)), frames, PNGBytes.end)
        #expect(try ImageDecoder.decode(bytes).pixels == rows.flatMap { $0 })
    }

    @Test(arguments: 1...9) func `interlaced is the same image`(width: Int) throws {
        for height in 1...9 {
            for (colour, channels): (UInt8, Int) in [(0, 1), (2, 3), (4, 2), (6, 4)] {
                let rows = PNGBytes.pattern(width, height, channels: channels)
                let plain =
                    PNGBytes.signature + PNGBytes.header(width, height, colour: colour)
                    + PNGBytes.data(PNGBytes.unfiltered(rows)) + PNGBytes.end
                let interlaced =
                    PNGBytes.signature + PNGBytes.header(width, height, colour: colour, interlace: 1)
                    + PNGBytes.data(PNGBytes.interlaced(rows, channels: channels)) + PNGBytes.end
                #expect(
                    try ImageDecoder.decode(interlaced) == ImageDecoder.decode(plain), "\(width)×\(height) \(colour)")
            }
        }
    }
}
