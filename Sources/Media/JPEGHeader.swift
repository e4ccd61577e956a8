/// What the segments of a JPEG before its first scan say, read without decoding (ITU-T T.81, annex B).
struct JPEGHeader: Sendable {
    struct Component: Sendable {
        let horizontal, vertical: Int  // sampling factors, 1...4
    }

    let width, height: Int
    let orientation: Orientation
    let components: [Component]
    /// Of segments that may hold pieces of a profile, which libjpeg keeps.
    let profileBytes: Int
    /// Whether coefficients of the whole image must be kept until the last scan is read.
    let hasSeveralScans: Bool

    static func recognises(_ bytes: ByteReader) -> Bool { bytes.has([0xFF, 0xD8], at: 0) }

    init(_ bytes: ByteReader) throws(MediaError) {
        var frame: Frame?
        var orientation: Orientation?
        var profileBytes = 0
        var offset = 2
        while true {
            let marker = try JPEGHeader.nextMarker(in: bytes, at: &offset)
            if JPEGHeader.standsAlone(marker) { continue }
            if marker == 0xD9 { throw JPEGHeader.undecodable("it ends before the first scan") }
            guard let length = bytes.uint16(offset) else { throw JPEGHeader.truncated }
            // Of a segment that it skips libjpeg takes a length below 2, which counts itself, for 2; of others it refuses it.
            guard let content = bytes.slice(offset + 2, max(length, 2) - 2) else { throw JPEGHeader.truncated }
            offset += max(length, 2)

            switch marker {
            case 0xC4, 0xC8, 0xCC: break  // Huffman tables, reserved, arithmetic conditioning
            case 0xC0...0xCF:
                guard frame == nil else { throw JPEGHeader.undecodable("it declares two frames") }
                frame = try Frame(ByteReader(content), marker: marker)
            case 0xE1 where orientation == nil && ByteReader(content).has("Exif\0\0", at: 0):
                orientation = Orientation(tiff: UnsafeRawBufferPointer(rebasing: content.dropFirst(6)))
            case 0xE2: profileBytes += content.count
            case 0xDA:
                guard let frame else { throw JPEGHeader.undecodable("a scan comes before the frame header") }
                let inScan = ByteReader(content).byte(0) ?? 0
                width = frame.width
                height = frame.height
                components = frame.components
                hasSeveralScans = frame.isProgressive || inScan < frame.components.count
                self.orientation = orientation ?? .topLeft
                self.profileBytes = profileBytes
                return
            default: break
            }
        }
    }

    /// Bytes that libjpeg keeps for coefficients of the whole image: 64 of 16 bits in each block.
    var coefficientBytes: Int {
        guard hasSeveralScans else { return 0 }
        let widest = components.map(\.horizontal).max() ?? 1
        let tallest = components.map(\.vertical).max() ?? 1
        return components.reduce(0) { sum, component in
            let across = blocks(width, component.horizontal, of: widest)
            let down = blocks(height, component.vertical, of: tallest)
            return sum + across * down * 128
        }
    }

    /// Blocks of a component along one side, in whole units of interleaving.
    private func blocks(_ side: Int, _ factor: Int, of largest: Int) -> Int {
        let count = (side * factor + largest * 8 - 1) / (largest * 8)
        return (count + factor - 1) / factor * factor
    }

    static func undecodable(_ reason: String) -> MediaError { .undecodable(format: .jpeg, reason: reason) }
    static let truncated = undecodable("it ends too early")

    /// Skips fill bytes and, as decoders do, stray bytes between segments.
    private static func nextMarker(in bytes: ByteReader, at offset: inout Int) throws(MediaError) -> Int {
        while true {
            guard let byte = bytes.byte(offset) else { throw truncated }
            offset += 1
            guard byte == 0xFF else { continue }
            while bytes.byte(offset) == 0xFF { offset += 1 }
            guard let marker = bytes.byte(offset) else { throw truncated }
            offset += 1
            if marker != 0 { return marker }
        }
    }

    private static func standsAlone(_ marker: Int) -> Bool { marker == 0x01 || (0xD0...0xD8).contains(marker) }
}

/// The start-of-frame segment.
private struct Frame {
    let width, height: Int
    let components: [JPEGHeader.Component]
    let isProgressive: Bool

    init(_ content: ByteReader, marker: Int) throws(MediaError) {
        switch marker {
        case 0xC0, 0xC1, 0xC9: isProgressive = false
        case 0xC2, 0xCA: isProgressive = true
        case 0xC3, 0xCB: throw JPEGHeader.undecodable("lossless JPEG is not supported")
        default: throw JPEGHeader.undecodable("hierarchical JPEG is not supported")
        }
        guard let precision = content.byte(0), let height = content.uint16(1), let width = content.uint16(3),
            let count = content.byte(5)
        else { throw JPEGHeader.undecodable("the frame header is cut") }
        guard precision == 8 else {
            throw JPEGHeader.undecodable("\(precision) bits per sample are not supported, only 8")
        }
        guard width > 0, height > 0 else { throw JPEGHeader.undecodable("it is \(width)×\(height) pixels") }
        guard [1, 3, 4].contains(count) else {
            throw JPEGHeader.undecodable("\(count) colour components are not supported, only 1, 3 or 4")
        }
        var components: [JPEGHeader.Component] = []
        for index in 0..<count {
            guard let factors = content.byte(6 + index * 3 + 1) else {
                throw JPEGHeader.undecodable("the frame header is cut")
            }
            let component = JPEGHeader.Component(horizontal: factors >> 4, vertical: factors & 15)
            guard (1...4).contains(component.horizontal), (1...4).contains(component.vertical) else {
                throw JPEGHeader.undecodable("the sampling factors are out of range")
            }
            components.append(component)
        }
        self.width = width
        self.height = height
        self.components = components
    }
}
