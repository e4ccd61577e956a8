import Media
import Testing

extension ByteStream {
    /// Bytes that come in pieces of at most `length`.
    convenience init(_ bytes: [UInt8], pieces length: Int) {
        var offset = 0
        self.init(count: bytes.count) { target in
            let piece = bytes[offset..<min(bytes.count, offset + min(length, target.count))]
            target.copyBytes(from: piece)
            offset += piece.count
            return piece.count
        }
    }
}

@Suite struct `Decoding what comes in pieces` {
    private static let wanted = [ImageRendition.whole]

    private func streamed(_ bytes: [UInt8], pieces length: Int) throws(MediaError) -> PixelImage? {
        try ImageDecoder.decode(
            ByteStream(bytes, pieces: length), header: ImageDecoder.header(of: bytes), as: Self.wanted
        ).first
    }

    private func message(_ bytes: [UInt8], pieces length: Int) -> String? {
        do throws(MediaError) {
            _ = try streamed(bytes, pieces: length)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [1, 7, 4_096])
    func `gives the pixels of the whole file`(length: Int) throws {
        for name in Set(Fixtures.goldens("decode").map(\.file)).sorted() {
            let bytes = try Fixtures.bytes(name)
            #expect(try streamed(bytes, pieces: length) == ImageDecoder.decode(bytes), "\(name)")
        }
    }

    @Test(arguments: ["420.jpg", "progressive.jpg", "restart.jpg", "arithmetic.jpg", "cmyk-adobe.jpg"])
    func `refuses what is cut with the words for the whole file`(name: String) throws {
        let file = try Fixtures.bytes("jpeg/\(name)")
        for length in stride(from: 0, to: file.count - 2, by: 5) {
            let bytes = Array(file.prefix(length))
            let expected = refusal(of: bytes)?.description
            #expect(expected != nil && message(bytes, pieces: 100) == expected, "cut to \(length) bytes")
        }
    }

    @Test func `refuses a file whose last pieces never come`() throws {
        for name in ["astronaut.jpg", "chelsea-260.png"] {
            let bytes = try Fixtures.bytes(name)
            var calls = 0
            let stream = ByteStream(count: bytes.count) { target in
                calls += 1
                guard calls < 5 else { return 0 }
                let piece = bytes[(calls - 1) * 1_000..<calls * 1_000]
                target.copyBytes(from: piece)
                return piece.count
            }
            let header = try ImageDecoder.header(of: bytes)
            #expect(throws: MediaError.self) { try ImageDecoder.decode(stream, header: header, as: Self.wanted) }
            #expect(stream.left == bytes.count - 4_000 && !stream.discard() && stream.readAll().isEmpty)
        }
    }

    @Test func `leaves what is behind the image to be discarded or read`() throws {
        let photo = try Fixtures.bytes("jpeg/420.jpg")
        let behind = [UInt8](repeating: 7, count: 300_000)
        for length in [999, 1 << 20] {
            let stream = ByteStream(photo + behind, pieces: length)
            let header = try ImageDecoder.header(of: photo)
            let image = try ImageDecoder.decode(stream, header: header, as: Self.wanted).first
            #expect(try image == ImageDecoder.decode(photo))
            #expect(stream.left > 0 && stream.left <= behind.count && stream.discard() && stream.left == 0)
        }
        #expect(ByteStream(photo, pieces: 10).readAll() == photo)
    }
}
