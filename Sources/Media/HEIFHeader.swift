/// What the boxes of a HEIC or AVIF file say of its primary image (ISO/IEC 23008-12, ISO/IEC 14496-12, AV1 Image File Format).
struct HEIFHeader: Sendable {
    /// `.heic` or `.avif`.
    let format: ImageFormat
    /// Of the image as it is shown: turned and cropped as its properties say.
    let width, height: Int
    /// What the decoder keeps: the file, and planes of the image as its codec, its colours and its result have them.
    let keptBytes: Int

    /// The format that the brands tell, nil for a file of another kind.
    static func format(of bytes: ByteReader) -> ImageFormat? {
        guard bytes.has("ftyp", at: 4), let length = bytes.uint32(0), length >= 16 else { return nil }
        // The major brand, and behind a version those that the file is compatible with.
        var brands: Set<String> = []
        for offset in [8] + stride(from: 16, to: min(length, 256), by: 4) {
            guard let brand = bytes.slice(offset, 4) else { break }
            brands.insert(String(decoding: brand, as: UTF8.self))
            if offset == 8, !known.contains(String(decoding: brand, as: UTF8.self)) { return nil }
        }
        return brands.isDisjoint(with: ["avif", "avis"]) ? .heic : .avif
    }

    private static let known: Set<String> = ["avif", "avis", "heic", "heix", "heim", "heis", "mif1", "msf1", "mif2"]

    init(_ bytes: ByteReader, _ format: ImageFormat) throws(MediaError) {
        self.format = format
        func undecodable(_ reason: String) -> MediaError { .undecodable(format: format, reason: reason) }
        var meta: Box?
        var offset = 0
        while meta == nil, let box = Box(bytes, at: offset, end: bytes.count) {
            if box.type == "meta" { meta = box }
            offset = box.end
        }
        guard let meta else { throw undecodable("it ends before it says what it holds") }
        let boxes = meta.boxes(bytes)
        guard
            let primary = boxes.first("pitm").flatMap({ box in
                bytes.byte(box.start) == 0 ? bytes.uint16(box.start + 4) : bytes.uint32(box.start + 4)
            }), let properties = boxes.first("iprp")?.boxes(bytes),
            let all = properties.first("ipco")?.boxes(bytes)
        else { throw undecodable("it names no image") }

        guard !Self.hasCircle(boxes.filter { $0.type == "iref" }, bytes) else {
            throw undecodable("its images are made of each other in a circle")
        }
        var size: (width: Int, height: Int)?
        var bits = 8
        for index in Self.associations(of: primary, in: properties.filter { $0.type == "ipma" }, bytes)
        where all.indices.contains(index - 1) {
            let property = all[index - 1]
            let start = property.start
            switch property.type {
            case "ispe":
                guard let width = bytes.uint32(start + 4), let height = bytes.uint32(start + 8) else { continue }
                size = (width, height)
            case "irot":
                if let turns = bytes.byte(start), turns % 2 == 1 { size = size.map { ($0.height, $0.width) } }
            case "clap": size = size.map { Self.cropped($0, bytes, start) }
            case "hvcC": bits = max(bits, 8 + (bytes.byte(start + 17) ?? 0) & 7)
            case "av1C": bits = max(bits, (bytes.byte(start + 2) ?? 0) & 0x40 == 0 ? 8 : 12)
            case "pixi": bits = max(bits, bytes.byte(start + 5) ?? 0)
            default: break
            }
        }
        guard let size else { throw undecodable("it does not say how large it is") }
        guard size.width > 0, size.height > 0 else { throw undecodable("it is \(size.width)×\(size.height) pixels") }
        (width, height) = size
        // Bytes of a pixel, as measured, with some to spare: planes of the codec, libheif's copy of them, colours, and alpha; twice
        // as many of more than eight bits. Of tiles the codec has one at a time.
        let isGrid = Self.type(of: primary, in: boxes.first("iinf")?.boxes(bytes) ?? [], bytes) == "grid"
        let each = bits > 8 ? isGrid ? 20 : 32 : isGrid ? 8 : 16
        // Sides of up to 2³² have a product that may be too large.
        let (pixels, overflows) = width.multipliedReportingOverflow(by: height)
        let (kept, overflow) = pixels.multipliedReportingOverflow(by: each)
        keptBytes = overflows || overflow ? .max : kept + bytes.count + (24 << 20)
    }

    /// Whether an image is made of itself, however far away (`dimg` of ISO/IEC 23008-12, 6.6): libheif 1.15 would follow that until
    /// its stack is full.
    private static func hasCircle(_ boxes: [Box], _ bytes: ByteReader) -> Bool {
        var parts: [Int: [Int]] = [:]
        for box in boxes {
            let isLong = bytes.byte(box.start) ?? 0 > 0
            let width = isLong ? 4 : 2
            func number(_ offset: Int) -> Int? { isLong ? bytes.uint32(offset) : bytes.uint16(offset) }
            for reference in box.boxes(bytes) where reference.type == "dimg" {
                guard let item = number(reference.start), let count = bytes.uint16(reference.start + width) else {
                    continue
                }
                let first = reference.start + width + 2
                parts[item, default: []] += (0..<count).prefix { first + ($0 + 1) * width <= reference.end }
                    .compactMap { number(first + $0 * width) }
            }
        }
        // Those that are made of nothing more are taken away, again and again: what is left is a circle, or deeper than any picture.
        for _ in 0..<8 {
            for item in parts.filter({ $0.value.allSatisfy { parts[$0] == nil } }).keys { parts[item] = nil }
        }
        return !parts.isEmpty
    }

    /// What kind of item it is; nil where the file does not say.
    private static func type(of item: Int, in entries: [Box], _ bytes: ByteReader) -> String? {
        for entry in entries where entry.type == "infe" {
            // Behind the number two bytes for its protection; the number has four bytes from version 3 on.
            let isLong = bytes.byte(entry.start) ?? 0 > 2
            let number = isLong ? bytes.uint32(entry.start + 4) : bytes.uint16(entry.start + 4)
            guard number == item else { continue }
            return bytes.slice(entry.start + (isLong ? 10 : 8), 4).map { String(decoding: $0, as: UTF8.self) }
        }
        return nil
    }

    /// The numbers of an item's properties, from 1, in their order.
    private static func associations(of item: Int, in boxes: [Box], _ bytes: ByteReader) -> [Int] {
        for box in boxes {
            guard let version = bytes.byte(box.start), let flags = bytes.byte(box.start + 3),
                let count = bytes.uint32(box.start + 4)
            else { continue }
            var offset = box.start + 8
            for _ in 0..<count {
                guard offset < box.end, let identifier = version < 1 ? bytes.uint16(offset) : bytes.uint32(offset),
                    let associated = bytes.byte(offset + (version < 1 ? 2 : 4))
                else { break }
                offset += version < 1 ? 3 : 5
                let isWide = flags & 1 == 1
                if identifier == item {
                    return (0..<associated).compactMap { index in
                        isWide
                            ? bytes.uint16(offset + 2 * index).map { $0 & 0x7FFF }
                            : bytes.byte(offset + index).map { $0 & 0x7F }
                    }
                }
                offset += associated * (isWide ? 2 : 1)
            }
        }
        return []
    }

    /// A clean aperture (ISO/IEC 14496-12, 12.1.4): its sides are fractions.
    private static func cropped(
        _ size: (width: Int, height: Int), _ bytes: ByteReader, _ start: Int
    ) -> (width: Int, height: Int) {
        func side(_ offset: Int, of whole: Int) -> Int {
            guard let numerator = bytes.uint32(offset), let denominator = bytes.uint32(offset + 4), denominator > 0
            else { return whole }
            return min(whole, max(1, (numerator + denominator / 2) / denominator))
        }
        return (side(start, of: size.width), side(start + 8, of: size.height))
    }
}

/// A box: its type, and where its content is.
private struct Box {
    let type: String
    let start, end: Int

    /// Nil where none begins at `offset`, or where it does not end before `end`.
    init?(_ bytes: ByteReader, at offset: Int, end: Int) {
        guard let short = bytes.uint32(offset), let name = bytes.slice(offset + 4, 4) else { return nil }
        type = String(decoding: name, as: UTF8.self)
        var (head, length) = (8, short)
        if short == 1 {
            guard let high = bytes.uint32(offset + 8), let low = bytes.uint32(offset + 12), high == 0 else {
                return nil
            }
            (head, length) = (16, low)
        } else if short == 0 {
            length = end - offset
        }
        guard length >= head, offset + length <= end else { return nil }
        start = offset + head
        self.end = offset + length
    }

    /// The boxes within, behind what stands before them: version and flags, and in a list of items how many there are.
    func boxes(_ bytes: ByteReader) -> [Box] {
        let head =
            switch type {
            case "meta", "iref": 4
            case "iinf": bytes.byte(start) == 0 ? 6 : 8
            default: 0
            }
        var boxes: [Box] = []
        var offset = start + head
        while let box = Box(bytes, at: offset, end: end) {
            boxes.append(box)
            offset = box.end
        }
        return boxes
    }
}

extension [Box] {
    fileprivate func first(_ type: String) -> Box? { first { $0.type == type } }
}
