/// The octets that HTTP's grammar names (RFC 9110 section 5.6, RFC 9112 section 2).
enum Byte {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let hash: UInt8 = 0x23
    static let percent: UInt8 = 0x25
    static let asterisk: UInt8 = 0x2A
    static let comma: UInt8 = 0x2C
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let question: UInt8 = 0x3F
    static let leftBracket: UInt8 = 0x5B
    static let rightBracket: UInt8 = 0x5D
    static let delete: UInt8 = 0x7F
}

extension UInt8 {
    var isDigit: Bool { self &- 0x30 < 10 }
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// The value of a hexadecimal digit, or nil.
    var hexValue: UInt8? {
        if isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// What may stand in a field value: visible characters, blanks and opaque octets (RFC 9110 section 5.5).
    var isFieldContent: Bool { self >= 0x20 ? self != Byte.delete : self == Byte.tab }

    /// ASCII letters folded to lower case; other octets as they are.
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension Span<UInt8> {
    /// Whether the octets spell `word` (given in lower case) when ASCII letters are folded.
    func spells(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            for index in indices where self[index].lowercased != expected[index] { return false }
            return true
        }
    }

    /// Whether the octets are exactly those of `word`.
    func equals(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            for index in indices where self[index] != expected[index] { return false }
            return true
        }
    }

    /// The position of the first `byte` at or after `start`.
    func first(_ byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The range without spaces and tabs at both ends; nothing else counts as a blank (RFC 9110 section 5.6.3).
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, self[low].isBlank { low += 1 }
        while low < high, self[high - 1].isBlank { high -= 1 }
        return low..<high
    }

    /// The octets as a string, those above 0x7F read as Latin-1.
    var latin1: String {
        if let ascii = try? UTF8Span(validating: self), ascii.isKnownASCII { return String(copying: ascii) }
        var text = String.UnicodeScalarView()
        for index in indices { text.append(Unicode.Scalar(self[index])) }
        return String(text)
    }
}
