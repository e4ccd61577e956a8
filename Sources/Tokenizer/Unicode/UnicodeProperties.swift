/// Questions to ``UnicodeTables``, each answered by binary search.
enum UnicodeProperties {
    /// Whether `scalar` is in one of the ranges of `table`, a sorted flat list of first and last.
    static func contains(_ table: [UInt32], _ scalar: UInt32) -> Bool {
        var low = 0
        var high = table.count / 2
        while low < high {
            let middle = (low + high) / 2
            if table[2 * middle + 1] < scalar { low = middle + 1 } else { high = middle }
        }
        return 2 * low < table.count && table[2 * low] <= scalar
    }

    /// The place of the row of `width` numbers that starts with `scalar` in a sorted table.
    static func row(_ table: [UInt32], width: Int, _ scalar: UInt32) -> Int? {
        var low = 0
        var high = table.count / width
        while low < high {
            let middle = (low + high) / 2
            if table[width * middle] < scalar { low = middle + 1 } else { high = middle }
        }
        return width * low < table.count && table[width * low] == scalar ? width * low : nil
    }

    static func isBlank(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return scalar == 0x20 || (9...13).contains(scalar) }
        return contains(UnicodeTables.blanks, scalar)
    }

    /// Lower case as Rust's `char::to_lowercase`, but for U+0130, whose lower case is two scalars.
    static func lowercase(_ scalar: UInt32) -> UInt32 {
        let runs = UnicodeTables.lowercaseRuns
        let value = Int32(scalar)
        var low = 0
        var high = runs.count / 4
        while low < high {
            let middle = (low + high) / 2
            if runs[4 * middle + 1] < value { low = middle + 1 } else { high = middle }
        }
        let run = 4 * low
        guard run < runs.count, runs[run] <= value, (value - runs[run]) % runs[run + 2] == 0 else { return scalar }
        return UInt32(value + runs[run + 3])
    }

    /// Whether the regular expression `\w` matches, as the reference's regex crate of Unicode 16 has it.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        guard let age = properties.age, age.major <= 16 else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}

/// Unicode scalars of UTF-8 that is known to be valid, forwards.
struct ScalarReader {
    /// The scalar that begins at `position` of `text`, which is then behind it.
    static func next(_ text: [UInt8], _ position: inout Int) -> UInt32 {
        let first = text[position]
        var scalar: UInt32
        let following: Int
        switch first {
        case ..<0x80:
            position += 1
            return UInt32(first)
        case ..<0xE0: (scalar, following) = (UInt32(first & 0x1F), 1)
        case ..<0xF0: (scalar, following) = (UInt32(first & 0x0F), 2)
        default: (scalar, following) = (UInt32(first & 0x07), 3)
        }
        for offset in 1...following {
            scalar = scalar << 6 | UInt32(text[position + offset] & 0x3F)
        }
        position += 1 + following
        return scalar
    }

    /// The scalar that ends before `position`, and where it begins.
    static func previous(_ text: [UInt8], before position: Int) -> (scalar: UInt32, begin: Int) {
        var begin = position - 1
        while isContinuation(text[begin]) { begin -= 1 }
        var end = begin
        return (next(text, &end), begin)
    }

    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        switch scalar {
        case ..<0x80:
            text.append(UInt8(scalar))
        case ..<0x800:
            text.append(UInt8(0xC0 | scalar >> 6))
            text.append(UInt8(0x80 | scalar & 0x3F))
        case ..<0x10000:
            text.append(UInt8(0xE0 | scalar >> 12))
            text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            text.append(UInt8(0x80 | scalar & 0x3F))
        default:
            text.append(UInt8(0xF0 | scalar >> 18))
            text.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            text.append(UInt8(0x80 | scalar & 0x3F))
        }
    }
}
