import JSON

/// The header of a safetensors file, checked as huggingface/safetensors checks it (`tensor.rs`, `read_metadata` and
/// `validate`): eight bytes with the length N as a little-endian number, N bytes of JSON, then the tensors without gaps.
struct SafetensorsHeader: Sendable {
    /// A tensor as the header describes it.
    struct Entry: Sendable, Equatable {
        let name: String
        let elementType: ElementType
        let shape: [Int]
        /// Bytes counted from the end of the header.
        let range: Range<Int>
    }

    static let maximumLength = 100_000_000

    /// The tensors in the order of their bytes.
    let entries: [Entry]
    /// Where the tensors' bytes begin in the file.
    let dataOffset: Int

    init(_ file: UnsafeRawBufferPointer) throws(SafetensorsFault) {
        guard file.count >= 8 else { throw .headerTooSmall(bytes: file.count) }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= Self.maximumLength else { throw .headerTooLarge(length: length) }
        guard length <= file.count - 8 else {
            throw .invalidHeaderLength(length: length, available: file.count - 8)
        }
        dataOffset = 8 + Int(length)
        let text = [UInt8](file[8..<dataOffset])
        do {
            entries = try Self.entries(of: text).sorted {
                ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
            }
        } catch {
            // The scanner would blame the same bytes, but as a fault of a string within JSON.
            throw String(validating: text, as: UTF8.self) == nil ? .invalidUTF8 : error
        }
        try Self.validate(entries, available: file.count - dataOffset)
    }

    private static func entries(of text: [UInt8]) throws(SafetensorsFault) -> [Entry] {
        // A tensor is some eight values; a quarter of a million of them is beyond every model known.
        let limits = JSONLimits(bytes: maximumLength, depth: 8, values: 2_000_000)
        let members: JSONObject
        do {
            members = try JSONCursor(JSONValue(parsing: text, limits: limits)).object()
            try checkMetadata(members)
        } catch {
            throw .invalidJSON(error)
        }
        var entries: [Entry] = []
        entries.reserveCapacity(members.count)
        for (name, value) in members where name != "__metadata__" {
            entries.append(try entry(name, JSONCursor(value, path: name)))
        }
        return entries
    }

    private static func checkMetadata(_ members: JSONObject) throws(JSONError) {
        guard let metadata = members["__metadata__"], metadata != .null else { return }
        for (key, value) in try JSONCursor(metadata, path: "__metadata__").object() {
            _ = try JSONCursor(value, path: "__metadata__.\(key)").string()
        }
    }

    private static func entry(_ name: String, _ description: JSONCursor) throws(SafetensorsFault) -> Entry {
        let fields: (typeName: String, shape: [Int]?, bounds: [Int])
        do throws(JSONError) {
            fields = (
                try description.member("dtype").string(), try dimensions(of: description.member("shape")),
                try description.member("data_offsets").integers(in: 0 ... .max)
            )
            if fields.bounds.count != 2 { throw try description.member("data_offsets").unexpected("an array of 2") }
        } catch {
            throw .invalidJSON(error)
        }
        guard let elementType = ElementType(rawValue: fields.typeName) else {
            throw .unknownElementType(tensor: name, found: fields.typeName)
        }
        guard let shape = fields.shape else { throw .validationOverflow(tensor: name) }
        let (begin, end) = (fields.bounds[0], fields.bounds[1])
        guard begin <= end else {
            throw .invalidOffset(tensor: name, begin: begin, end: end, expectedBegin: begin)
        }
        return Entry(name: name, elementType: elementType, shape: shape, range: begin..<end)
    }

    /// The shape, or nil where a dimension does not fit 63 bits.
    private static func dimensions(of shape: JSONCursor) throws(JSONError) -> [Int]? {
        if case .array(let values) = shape.value {
            for value in values where Self.isBeyondIntegers(value) { return nil }
        }
        return try shape.integers(in: 0 ... .max)
    }

    private static func isBeyondIntegers(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let number): number >= 0x1p63
        case .decimal(let decimal): decimal.nearest >= 0x1p63
        default: false
        }
    }

    private static func validate(_ entries: [Entry], available: Int) throws(SafetensorsFault) {
        var begin = 0
        for entry in entries {
            guard entry.range.lowerBound == begin else {
                throw .invalidOffset(
                    tensor: entry.name, begin: entry.range.lowerBound, end: entry.range.upperBound,
                    expectedBegin: begin)
            }
            begin = entry.range.upperBound
            // A zero anywhere in the shape must not hide an overflow before it, so elements are multiplied first.
            var elements = 1
            for dimension in entry.shape {
                let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
                if overflow { throw .validationOverflow(tensor: entry.name) }
                elements = product
            }
            let (bits, overflow) = elements.multipliedReportingOverflow(by: entry.elementType.bits)
            if overflow { throw .validationOverflow(tensor: entry.name) }
            guard bits % 8 == 0 else { throw .misalignedSlice(tensor: entry.name) }
            guard bits / 8 == entry.range.count else {
                throw .tensorInvalidInfo(tensor: entry.name, bytes: entry.range.count, expected: bits / 8)
            }
        }
        guard begin == available else {
            throw .metadataIncompleteBuffer(described: begin, available: available)
        }
    }
}
