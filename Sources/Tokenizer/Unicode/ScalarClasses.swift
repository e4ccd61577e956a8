/// The classes that a Unicode scalar is in, as a set of bits: its general category and what regular expressions ask.
///
/// Read from ``CategoryTables`` once; a look-up is two array accesses.
struct ScalarClasses: Sendable {
    /// Bits of the general categories in the order of `CategoryTables.names`, then these.
    static let space: UInt32 = 1 << 29
    static let word: UInt32 = 1 << 30
    static let numeric: UInt32 = 1 << 31

    static let shared = ScalarClasses()

    /// For each 256 scalars where theirs begin in `bits`; equal blocks are kept once.
    private var blocks: [Int32] = []
    private var bits: [UInt32] = []

    /// The bits of `scalar`, which is below 0x110000.
    func bits(of scalar: UInt32) -> UInt32 {
        bits[Int(blocks[Int(scalar >> 8)]) + Int(scalar & 0xFF)]
    }

    /// The bits of a category such as "Lu", or of all whose names begin with a letter such as "L"; nil for any other name.
    static func category(_ name: String) -> UInt32? {
        var mask: UInt32 = 0
        for (place, category) in CategoryTables.names.split(separator: " ").enumerated()
        where category == name || name.utf8.count == 1 && category.hasPrefix(name) {
            mask |= 1 << UInt32(place)
        }
        return mask == 0 ? nil : mask
    }

    private init() {
        var all: [UInt32] = []
        all.reserveCapacity(0x110000)
        var length = 0
        for byte in StaticText.bytes(CategoryTables.runs) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): length = 10 * length + Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                let place = byte < 0x60 ? byte - UInt8(ascii: "A") : byte - UInt8(ascii: "a") + 26
                all.append(contentsOf: repeatElement(1 << UInt32(place), count: max(1, length)))
                length = 0
            default: break
            }
        }
        let inWords = ["L", "M", "Nd"].compactMap(Self.category).reduce(0, |)
        for scalar in all.indices where all[scalar] & inWords != 0 { all[scalar] |= Self.word }
        for (table, bit) in [
            (CategoryTables.spaces, Self.space), (CategoryTables.words, Self.word),
            (CategoryTables.numeric, Self.numeric),
        ] {
            for row in stride(from: 0, to: table.count, by: 2) {
                for scalar in table[row]...table[row + 1] { all[Int(scalar)] |= bit }
            }
        }
        var known: [ArraySlice<UInt32>: Int32] = [:]
        for begin in stride(from: 0, to: all.count, by: 256) {
            let block = all[begin..<begin + 256]
            if let place = known[block] {
                blocks.append(place)
            } else {
                known[block] = Int32(bits.count)
                blocks.append(Int32(bits.count))
                bits += block
            }
        }
    }
}

/// Tables that are spelled out in a string, which compiles in no time where an array of thousands of numbers does not.
enum StaticText {
    static func bytes(_ text: StaticString) -> [UInt8] {
        text.withUTF8Buffer { Array($0) }
    }

    /// The words of `text`, which blanks separate.
    static func words(_ text: StaticString) -> [ArraySlice<UInt8>] {
        bytes(text).split(separator: UInt8(ascii: " "))
    }

    /// The scalars of hexadecimal digits, joined by plus signs.
    static func scalars(_ word: ArraySlice<UInt8>) -> [UInt32] {
        word.split(separator: UInt8(ascii: "+")).map(number)
    }

    /// The value of hexadecimal digits.
    static func number(_ digits: ArraySlice<UInt8>) -> UInt32 {
        digits.reduce(0) { $0 << 4 | UInt32($1 <= UInt8(ascii: "9") ? $1 & 0xF : ($1 & 0xF) + 9) }
    }
}
