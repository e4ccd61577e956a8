import Media

/// Takes Ogg files apart into pages and writes pages, with checksums that are right (RFC 3533 section 6).
struct OggBytes {
    /// A page: its bytes, whose checksum is made right when they are written.
    struct Page {
        var bytes: [UInt8]

        var flags: UInt8 {
            get { bytes[5] }
            set { bytes[5] = newValue }
        }

        /// Least significant byte first.
        func number(_ offset: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }

        mutating func set(_ offset: Int, _ count: Int, _ value: Int) {
            bytes.replaceSubrange(offset..<offset + count, with: WAVBytes.little(value, count))
        }

        var position: Int { number(6, 8) }
        mutating func setPosition(_ value: Int) { set(6, 8, value) }
        mutating func setSerial(_ value: Int) { set(14, 4, value) }
    }

    var pages: [Page] = []

    init(_ file: [UInt8]) {
        var offset = 0
        while offset + 27 <= file.count {
            let count = Int(file[offset + 26])
            let body = file[(offset + 27)..<(offset + 27 + count)].reduce(0) { $0 + Int($1) }
            let end = offset + 27 + count + body
            pages.append(Page(bytes: Array(file[offset..<end])))
            offset = end
        }
    }

    /// A page that begins a stream with one packet.
    static func begin(_ packet: [UInt8], serial: Int) -> Page {
        var page = Page(
            bytes: Array("OggS".utf8) + [0, 2] + [UInt8](repeating: 0, count: 20) + [1, UInt8(packet.count)] + packet)
        page.setSerial(serial)
        return page
    }

    var file: [UInt8] {
        pages.flatMap { page -> [UInt8] in
            var page = page
            page.set(22, 4, 0)
            page.set(22, 4, Self.checksum(page.bytes))
            return page.bytes
        }
    }

    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0
        for byte in bytes {
            sum ^= UInt32(byte) << 24
            for _ in 0..<8 { sum = sum & 0x8000_0000 == 0 ? sum << 1 : sum << 1 ^ 0x04C1_1DB7 }
        }
        return Int(sum)
    }
}
