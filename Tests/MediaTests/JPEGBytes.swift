/// Takes JPEGs apart and puts them together in ways no encoder does.
enum JPEGBytes {
    static let start: [UInt8] = [0xFF, 0xD8]
    static let end: [UInt8] = [0xFF, 0xD9]

    static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
        [0xFF, marker] + big16(content.count + 2) + content
    }

    static func frame(
        _ width: Int, _ height: Int, components: Int = 3, precision: UInt8 = 8, marker: UInt8 = 0xC0,
        factors: UInt8 = 0x11
    ) -> [UInt8] {
        let names = (0..<components).flatMap { (index: Int) -> [UInt8] in
            [UInt8(truncatingIfNeeded: index + 1), factors, 0]
        }
        let size = big16(height) + big16(width)
        return segment(marker, [precision] + size + [UInt8(truncatingIfNeeded: components)] + names)
    }

    static func scan(components: Int = 3) -> [UInt8] {
        let names = (0..<components).flatMap { (index: Int) -> [UInt8] in [UInt8(truncatingIfNeeded: index + 1), 0] }
        return segment(0xDA, [UInt8(truncatingIfNeeded: components)] + names + [0, 63, 0])
    }

    /// A file with a header like any other and next to no data behind it.
    static func claiming(_ width: Int, _ height: Int, components: Int = 3, marker: UInt8 = 0xC0) -> [UInt8] {
        start + frame(width, height, components: components, marker: marker) + scan(components: components)
            + [UInt8](repeating: 0, count: 100) + end
    }

    /// `file` with segments put in right behind its start.
    static func inserting(_ segments: [UInt8], into file: [UInt8]) -> [UInt8] {
        Array(file.prefix(2)) + segments + Array(file.dropFirst(2))
    }

    /// The parts of a file from each start-of-scan marker to the next marker segment.
    static func scans(of file: [UInt8]) -> [ArraySlice<UInt8>] {
        var scans: [ArraySlice<UInt8>] = []
        var index = 2
        var begin: Int?
        while index + 1 < file.count {
            guard file[index] == 0xFF, file[index + 1] != 0, file[index + 1] != 0xFF,
                !(0xD0...0xD7).contains(file[index + 1])
            else {
                index += 1
                continue
            }
            if let begin { scans.append(file[begin..<index]) }
            begin = file[index + 1] == 0xDA ? index : nil
            if file[index + 1] == 0xD9 { break }
            index += 2 + Int(file[index + 2]) << 8 + Int(file[index + 3])
        }
        return scans
    }

    static func big16(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    static func big32(_ value: Int) -> [UInt8] { big16(value >> 16) + big16(value) }
}

/// An EXIF block with any content for its orientation.
struct ExifBytes {
    var littleEndian = true
    var magic = 42
    var directory = 8
    var entries = 1
    var tag = 0x0112
    var type = 3
    var count = 1
    var value: [UInt8]

    init(_ orientation: Int) { value = [UInt8(orientation), 0, 0, 0] }

    var tiff: [UInt8] {
        func number(_ value: Int, _ bytes: Int) -> [UInt8] {
            let big = (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * (bytes - 1 - $0))) }
            return littleEndian ? big.reversed() : big
        }
        let order = Array((littleEndian ? "II" : "MM").utf8)
        let entry = number(tag, 2) + number(type, 2) + number(count, 4) + value
        return order + number(magic, 2) + number(directory, 4) + number(entries, 2) + entry + number(0, 4)
    }

    var segment: [UInt8] { JPEGBytes.segment(0xE1, Array("Exif\0\0".utf8) + tiff) }
}
