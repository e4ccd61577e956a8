/// The header of a `.npy` file: what kind of numbers follow and in which shape.
struct NumPyHeader: Equatable {
    /// The kinds of numbers that are read; the raw value is NumPy's name.
    enum NumberType: String, CaseIterable {
        case half = "<f2"
        case single = "<f4"
        case double = "<f8"
        case byte = "|i1"
        case short = "<i2"
        case int = "<i4"
        case long = "<i8"

        /// Bytes of one number.
        var size: Int {
            switch self {
            case .byte: 1
            case .half, .short: 2
            case .single, .int: 4
            case .double, .long: 8
            }
        }

        /// The numbers that `bytes` stand for; a tail that is no whole number is left out.
        func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
            bytes.withUnsafeBytes { raw in
                (0..<raw.count / size).map { index in
                    // Within the buffer: `index` counts whole numbers.
                    let place = index * size
                    func load<Value: FixedWidthInteger>(_: Value.Type) -> Value {
                        Value(littleEndian: raw.loadUnaligned(fromByteOffset: place, as: Value.self))
                    }
                    return switch self {
                    case .half: Float(Float16(bitPattern: load(UInt16.self)))
                    case .single: Float(bitPattern: load(UInt32.self))
                    case .double: Float(Double(bitPattern: load(UInt64.self)))
                    case .byte: Float(load(Int8.self))
                    case .short: Float(load(Int16.self))
                    case .int: Float(load(Int32.self))
                    case .long: Float(load(Int64.self))
                    }
                }
            }
        }
    }

    let type: NumberType
    let shape: [Int]
    /// Where the numbers begin.
    let dataStart: Int

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// NumPy pads headers to a multiple of 64 bytes and needs fewer than 128; more than this is not one of its own.
    private static let longest = 4096

    init(_ bytes: [UInt8]) throws(NumPyError) {
        guard bytes.starts(with: Self.magic) else { throw .malformed("they do not begin with \\x93NUMPY") }
        guard bytes.count >= 12 else { throw .malformed("they end within the header") }
        let (major, minor) = (bytes[6], bytes[7])
        guard (1...3).contains(major), minor == 0 else { throw .malformed("its version is \(major).\(minor)") }
        // Version 1 has 2 bytes for the header's length, later ones 4.
        let sizeBytes = major == 1 ? 2 : 4
        let length = bytes[8..<8 + sizeBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
        let start = 8 + sizeBytes
        guard length <= Self.longest else { throw .malformed("its header has \(length) bytes") }
        guard bytes.count >= start + length else { throw .malformed("they end within the header") }
        dataStart = start + length
        var parser = NumPyHeaderParser(bytes[start..<dataStart])
        let members = try parser.parse()
        guard let found = NumberType(rawValue: members.type) else { throw .wrongType(members.type) }
        guard !members.isFortran else { throw .fortranOrder }
        type = found
        shape = members.shape
    }
}

/// Reads the Python dictionary in a `.npy` header:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, each key once, in any order.
struct NumPyHeaderParser {
    /// What the dictionary says.
    struct Members: Equatable {
        var type: String
        var isFortran: Bool
        var shape: [Int]
    }

    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

    mutating func parse() throws(NumPyError) -> Members {
        var type: String?
        var isFortran: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try text()
            try expect(":")
            switch key {
            case "descr" where type == nil: type = try text()
            case "fortran_order" where isFortran == nil: isFortran = try truth()
            case "shape" where shape == nil: shape = try tuple()
            default: throw .malformed("its header has an unknown or doubled key")
            }
            guard take(",") else {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard place == bytes.count else { throw .malformed("something follows the dictionary in its header") }
        guard let type, let isFortran, let shape else {
            throw .malformed("its header lacks descr, fortran_order or shape")
        }
        return Members(type: type, isFortran: isFortran, shape: shape)
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A { place += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        skipSpace()
        guard bytes[place...].starts(with: word.utf8) else { return false }
        place += word.utf8.count
        return true
    }

    private mutating func expect(_ word: String) throws(NumPyError) {
        guard take(word) else { throw .malformed("its header has no \"\(word)\" where one belongs") }
    }

    /// A string of visible ASCII without escapes, in either kind of quotes.
    private mutating func text() throws(NumPyError) -> String {
        let quote: UInt8 = take("'") ? 0x27 : 0x22
        if quote == 0x22 { try expect("\"") }
        let start = place
        while let byte = next, byte != quote {
            guard (0x20...0x7E).contains(byte), byte != 0x5C, place - start < 64 else {
                throw .malformed("its header has a string that is not read")
            }
            place += 1
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard next == quote else { throw .malformed("its header ends within a string") }
        place += 1
        return text
    }

    private mutating func truth() throws(NumPyError) -> Bool {
        if take("True") { return true }
        try expect("False")
        return false
    }

    private mutating func tuple() throws(NumPyError) -> [Int] {
        var numbers: [Int] = []
        try expect("(")
        while !take(")") {
            numbers.append(try number())
            guard numbers.count <= 32 else { throw .malformed("its shape has more than 32 dimensions") }
            guard take(",") else {
                try expect(")")
                break
            }
        }
        return numbers
    }

    private mutating func number() throws(NumPyError) -> Int {
        skipSpace()
        let start = place
        while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
        guard place > start, let number = Int(String(decoding: bytes[start..<place], as: UTF8.self)) else {
            throw .malformed("its shape is not a tuple of whole numbers")
        }
        return number
    }
}
