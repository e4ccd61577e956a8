/// The entries of a zip archive whose entries are stored as they are (PKWARE's APPNOTE 6.3, with zip64), each by its name: what
/// `torch.save` writes. Everything that an entry claims is held against the file, and no byte belongs to two of them.
///
/// Checksums are not compared: nothing is decoded by them, and the checkpoint's digest tells whether the file is the one meant.
struct ZipArchive {
    /// The bytes of each entry, by its name.
    private(set) var entries: [String: Range<Int>] = [:]

    /// So many entries are read at most: a model has some thousand tensors.
    private static let mostEntries = 250_000

    private static let endSignature: UInt32 = 0x0605_4B50
    private static let end64Signature: UInt32 = 0x0606_4B50
    private static let locatorSignature: UInt32 = 0x0706_4B50
    private static let centralSignature: UInt32 = 0x0201_4B50
    private static let localSignature: UInt32 = 0x0403_4B50

    init(_ file: UnsafeRawBufferPointer) throws(TorchFault) {
        let fields = LittleEndianFields(file)
        guard fields.number(at: 0, as: UInt32.self) == Self.localSignature else {
            // A pickle of protocol 2 and on begins with its number; tar archives are older still.
            throw .noArchive(isPickle: file.count > 2 && file[0] == 0x80 && file[1] <= 5)
        }
        let directory = try Self.directory(fields)
        var position = directory.range.lowerBound
        var places: [(range: Range<Int>, name: String)] = []
        for _ in 0..<directory.count {
            let entry = try Self.entry(fields, &position, within: directory.range)
            guard entries.updateValue(entry.data, forKey: entry.name) == nil else {
                throw .archive("The archive has the entry \(entry.name) twice.")
            }
            places.append((entry.whole, entry.name))
        }
        places.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        for (first, second) in zip(places, places.dropFirst())
        where second.range.lowerBound < first.range.upperBound {
            throw .archive("The entries \(first.name) and \(second.name) of the archive overlap.")
        }
    }

    /// Where the central directory is, and how many entries it has.
    private static func directory(_ fields: LittleEndianFields) throws(TorchFault) -> (range: Range<Int>, count: Int) {
        let cut = TorchFault.archive("The archive has no end; the file is cut.")
        let size = fields.count
        // The end has 22 bytes and a comment of up to 65,535.
        let last = size - 22
        guard last >= 0 else { throw cut }
        var found: Int?
        for position in stride(from: last, through: max(0, last - 0xFFFF), by: -1)
        where fields.number(at: position, as: UInt32.self) == endSignature
            && fields.number(at: position + 20, as: UInt16.self).map(Int.init) == last - position
        {
            found = position
            break
        }
        guard let end = found, let short = fields.number(at: end + 10, as: UInt16.self),
            let shortSize = fields.number(at: end + 12, as: UInt32.self),
            let shortOffset = fields.number(at: end + 16, as: UInt32.self)
        else { throw cut }
        var (count, length, offset) = (UInt64(short), UInt64(shortSize), UInt64(shortOffset))
        var limit = end
        if fields.number(at: end - 20, as: UInt32.self) == locatorSignature,
            let place = fields.number(at: end - 12, as: UInt64.self)
        {
            guard place <= UInt64(end), fields.number(at: Int(place), as: UInt32.self) == end64Signature,
                let wideCount = fields.number(at: Int(place) + 32, as: UInt64.self),
                let wideLength = fields.number(at: Int(place) + 40, as: UInt64.self),
                let wideOffset = fields.number(at: Int(place) + 48, as: UInt64.self)
            else { throw .archive("The archive's zip64 record is not where it says.") }
            (count, length, offset, limit) = (wideCount, wideLength, wideOffset, Int(place))
        }
        guard offset <= UInt64(limit), length <= UInt64(limit) - offset else {
            throw .archive("The archive's directory does not lie within the file; the file is cut.")
        }
        guard count <= UInt64(mostEntries), count <= length / 46 else {
            throw .archive("The archive claims \(count) entries, which its directory has no room for, or nobody needs.")
        }
        return (Int(offset)..<Int(offset + length), Int(count))
    }

    /// The entry described at `position`, which moves on: its bytes, and those with its own header.
    private static func entry(
        _ fields: LittleEndianFields, _ position: inout Int, within directory: Range<Int>
    ) throws(TorchFault) -> (name: String, data: Range<Int>, whole: Range<Int>) {
        let start = position
        guard directory.upperBound - start >= 46,
            fields.number(at: start, as: UInt32.self) == centralSignature,
            let flags = fields.number(at: start + 8, as: UInt16.self),
            let method = fields.number(at: start + 10, as: UInt16.self),
            let packed = fields.number(at: start + 20, as: UInt32.self),
            let unpacked = fields.number(at: start + 24, as: UInt32.self),
            let nameLength = fields.number(at: start + 28, as: UInt16.self),
            let extraLength = fields.number(at: start + 30, as: UInt16.self),
            let commentLength = fields.number(at: start + 32, as: UInt16.self),
            let local = fields.number(at: start + 42, as: UInt32.self)
        else { throw .archive("The archive's directory is not sound.") }
        let extra = start + 46 + Int(nameLength)
        position = extra + Int(extraLength) + Int(commentLength)
        guard position <= directory.upperBound, let name = fields.text(start + 46..<extra) else {
            throw .archive("The archive's directory is not sound.")
        }
        guard method == 0, flags & 1 == 0 else { throw .encoded(entry: name) }
        var values = [UInt64(unpacked), UInt64(packed), UInt64(local)]
        fields.widen(&values, extra: extra..<extra + Int(extraLength))
        let (size, offset) = (values[0], values[2])
        guard size == values[1] else { throw .encoded(entry: name) }
        let outside = TorchFault.archive("The entry \(name) does not lie within the file; the file is cut.")
        let limit = UInt64(directory.lowerBound)
        guard offset <= limit, limit - offset >= 30, case let header = Int(offset),
            let ownName = fields.number(at: header + 26, as: UInt16.self),
            let ownExtra = fields.number(at: header + 28, as: UInt16.self)
        else { throw outside }
        let data = header + 30 + Int(ownName) + Int(ownExtra)
        guard UInt64(data) <= limit, size <= limit - UInt64(data) else { throw outside }
        guard fields.number(at: header, as: UInt32.self) == localSignature,
            fields.text(header + 30..<header + 30 + Int(ownName)) == name
        else { throw .archive("The entry \(name) is not where the archive's directory says.") }
        return (name, data..<data + Int(size), header..<data + Int(size))
    }
}

/// Little-endian numbers of a file, nil beyond its end.
private struct LittleEndianFields {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var count: Int { bytes.count }

    func number<Number: FixedWidthInteger>(at position: Int, as: Number.Type) -> Number? {
        guard position >= 0, bytes.count - position >= MemoryLayout<Number>.size else { return nil }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
    }

    /// nil for what is no UTF-8 or not within the file.
    func text(_ range: Range<Int>) -> String? {
        guard range.upperBound <= bytes.count else { return nil }
        return String(validating: bytes[range], as: UTF8.self)
    }

    /// Replaces what a field of 32 bits has no room for by the numbers of the zip64 field (APPNOTE 4.5.3), in their order.
    func widen(_ values: inout [UInt64], extra: Range<Int>) {
        var position = extra.lowerBound
        while extra.upperBound - position >= 4, let tag = number(at: position, as: UInt16.self),
            let length = number(at: position + 2, as: UInt16.self)
        {
            var field = position + 4
            let end = min(field + Int(length), extra.upperBound)
            if tag == 1 {
                for index in values.indices where values[index] == 0xFFFF_FFFF && end - field >= 8 {
                    values[index] = number(at: field, as: UInt64.self) ?? values[index]
                    field += 8
                }
                return
            }
            position = field + Int(length)
        }
    }
}
